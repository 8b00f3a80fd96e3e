// No copy of a password stays on the heap after a login: libsasl2's memory is wiped when it gives it back.
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/unit/auth/dialogue.hpp"

namespace homeward::auth::test {

namespace {

// The sanitizers keep a heap of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPlainHeap = false;
#elif defined(__has_feature)
constexpr bool kPlainHeap = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool kPlainHeap = true;
#endif

/// The password, made where it is needed: what the test holds is another text.
std::string password() {
  std::string made = "Obwufsjfe.usfbtvsf.pg.uif.jtmboe";
  for (char& c : made) c = static_cast<char>(c - 1);
  return made;
}

/// How often the text stands in the heap of this process.
int copies_on_heap(std::string_view text) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  int found = 0;
  while (std::getline(maps, line)) {
    if (!line.ends_with("[heap]")) continue;
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char dash = 0;
    std::istringstream(line) >> std::hex >> from >> dash >> to;
    const char* at = reinterpret_cast<const char*>(from);
    const auto* end = reinterpret_cast<const char*>(to);
    while (const auto* hit = static_cast<const char*>(
               ::memmem(at, static_cast<std::size_t>(end - at), text.data(), text.size()))) {
      ++found;
      at = hit + 1;
    }
  }
  return found;
}

void answer_once(const std::string& mechanism) {
  SaslIdentity identity{.host = std::string(kHost),
                        .login = std::string(kUser),
                        .authorization = {},
                        .password = Secret(password()),
                        .binding = {}};
  SaslClient client(std::move(identity));
  auto initial = client.start(mechanism);
  REQUIRE(initial);
  if (mechanism == "LOGIN") {
    REQUIRE(client.next("Username:"));
    REQUIRE(client.next("Password:"));
  }
  if (mechanism == "CRAM-MD5") REQUIRE(client.next("<1@x>"));
  if (mechanism == "DIGEST-MD5")
    REQUIRE(client.next("nonce=\"abcdef\",qop=\"auth\",algorithm=md5-sess,charset=utf-8"));
  if (mechanism.starts_with("SCRAM")) {
    const std::string first((*initial)->reveal());
    REQUIRE(client.next("r=" + first.substr(first.find(",r=") + 3) + "x,s=YWJj,i=4096"));
  }
}

}  // namespace

TEST_CASE("auth: no copy of a password stays on the heap after a login", "[auth]") {
  if (!kPlainHeap) return;
  library();
  auto kept = password();
  CHECK(copies_on_heap(kept) == 1);  // that a copy is found at all
  wipe(kept);
  for (const auto& mechanism : mechanisms()) {
    answer_once(mechanism);
    std::array<char, 64> searched{};  // not on the heap
    auto made = password();
    const std::string_view needle(searched.data(), made.copy(searched.data(), searched.size()));
    wipe(made);
    CAPTURE(mechanism);
    CHECK(copies_on_heap(needle) == 0);
  }
}

}  // namespace homeward::auth::test
