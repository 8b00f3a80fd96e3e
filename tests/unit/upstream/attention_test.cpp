// Refused logins: how long an account is left alone. product.md 6.
#include "proxy/upstream/attention.hpp"

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Attention::TimePoint kStart{std::chrono::hours{1000}};

Error refusal(std::string text) {
  return make_error(Fault::login, 451, {4, 7, 0}, std::move(text));
}

}  // namespace

TEST_CASE("upstream: an account is tried while nothing is known against it", "[upstream]") {
  Attention attention;
  CHECK_FALSE(attention.why_not("home", kStart));
  CHECK(attention.count() == 0);
}

TEST_CASE("upstream: a refused login is left alone for half an hour, for that account alone", "[upstream]") {
  Attention attention;
  attention.refused("home", refusal("535 wrong"), kStart);
  const auto why = attention.why_not("home", kStart + minutes(30) - seconds(1));
  REQUIRE(why);
  CHECK(why->reply.text == "535 wrong");
  CHECK_FALSE(attention.why_not("home", kStart + minutes(30)));
  CHECK_FALSE(attention.why_not("work", kStart));
  CHECK(attention.count() == 1);
}

TEST_CASE("upstream: the pause doubles up to six hours", "[upstream]") {
  Attention attention;
  auto now = kStart;
  for (const int pause : {30, 60, 120, 240, 360, 360}) {
    CAPTURE(pause);
    attention.refused("home", refusal("535"), now);
    CHECK(attention.why_not("home", now + minutes(pause) - seconds(1)));
    now += minutes(pause);
    CHECK_FALSE(attention.why_not("home", now));
  }
}

TEST_CASE("upstream: logins refused side by side count once", "[upstream]") {
  Attention attention;
  attention.refused("home", refusal("first"), kStart);
  attention.refused("home", refusal("second"), kStart + seconds(1));
  const auto why = attention.why_not("home", kStart + seconds(2));
  REQUIRE(why);
  CHECK(why->reply.text == "first");
  CHECK_FALSE(attention.why_not("home", kStart + minutes(30)));
}

TEST_CASE("upstream: a login that works, and a reload, forget the past", "[upstream]") {
  Attention attention;
  attention.refused("home", refusal("535"), kStart);
  attention.refused("work", refusal("535"), kStart);
  attention.worked("home");
  CHECK_FALSE(attention.why_not("home", kStart));
  CHECK(attention.why_not("work", kStart));
  attention.clear();
  CHECK_FALSE(attention.why_not("work", kStart));
  // The doubling begins anew as well.
  attention.refused("work", refusal("535"), kStart);
  CHECK_FALSE(attention.why_not("work", kStart + minutes(30)));
}

}  // namespace homeward::upstream::test
