// Secret: what it gives out, what it can't be turned into, and that it leaves nothing behind. safety.md 2.6.
#include "proxy/base/secret.hpp"

#include <fmt/format.h>

#include <ostream>
#include <type_traits>

#include "proxy/base/log.hpp"
#include "tests/support/catch.hpp"

namespace homeward {
namespace {

// A secret that could be copied, compared with text, printed or logged would be so one day by accident.
template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept ComparableWithText = requires(const T& value, std::string text) { value == text; };
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<std::string, Secret> &&
              !std::is_constructible_v<Secret, const std::string&>);
static_assert(!std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<Secret, std::string_view>);
static_assert(!fmt::is_formattable<Secret>::value && !Streamable<Secret> && !ComparableWithText<Secret>);
static_assert(!std::is_constructible_v<std::string, Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);

const std::string kShort = "pw";
const std::string kLong = "a password that no string keeps inside itself";

TEST_CASE("secret: it holds the bytes and wipes the string they came in") {
  for (const auto& plain : {kShort, kLong, std::string("\0a\0", 3), std::string()}) {
    auto source = plain;
    const char* const memory = source.data();
    const auto capacity = source.capacity();
    const Secret secret(std::move(source));
    CHECK(secret.reveal() == plain);
    CHECK(secret.size() == plain.size());
    CHECK(secret.empty() == plain.empty());
    // The string keeps its memory, so what was there may be looked at.
    REQUIRE(source.empty());           // NOLINT(bugprone-use-after-move)
    REQUIRE(source.data() == memory);  // NOLINT(bugprone-use-after-move)
    REQUIRE(source.capacity() == capacity);
    CHECK(std::string_view(memory, capacity) == std::string(capacity, '\0'));
  }
}

TEST_CASE("secret: moving leaves nothing behind") {
  Secret first{std::string(kLong)};
  Secret second(std::move(first));
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move)
  CHECK(second.reveal() == kLong);
  Secret third{std::string(kShort)};
  third = std::move(second);
  CHECK(second.empty());  // NOLINT(bugprone-use-after-move)
  CHECK(third.reveal() == kLong);
  auto& same = third;
  third = std::move(same);
  CHECK(third.reveal() == kLong);
}

TEST_CASE("secret: a clone lives on its own") {
  Secret copy;
  {
    const Secret original{std::string(kLong)};
    copy = original.clone();
    CHECK(original.reveal().data() != copy.reveal().data());
  }
  CHECK(copy.reveal() == kLong);
}

TEST_CASE("secret: wiping a string clears all that it ever held, its spare room too") {
  std::string text = kLong;
  text.resize(3);  // the rest of the password is still in the memory behind
  const char* const memory = text.data();
  const auto capacity = text.capacity();
  wipe(text);
  REQUIRE(text.empty());
  REQUIRE(text.data() == memory);
  CHECK(std::string_view(memory, capacity) == std::string(capacity, '\0'));
}

}  // namespace
}  // namespace homeward
