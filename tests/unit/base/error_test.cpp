// Errors in their two voices, and the codes they are told by. RFC 3463 §2, RFC 5321 §4.2.
#include "proxy/base/error.hpp"

#include "proxy/base/result.hpp"
#include "tests/support/catch.hpp"

namespace homeward {
namespace {

TEST_CASE("error: an enhanced code is written as three numbers") {
  CHECK(to_string(EnhancedCode{4, 7, 5}) == "4.7.5");
  CHECK(to_string(EnhancedCode{5, 0, 999}) == "5.0.999");
  CHECK(to_string(EnhancedCode{}) == "0.0.0");
}

TEST_CASE("error: what is made without detail says all in its reply") {
  const auto error = make_error(Fault::tls, 451, {4, 7, 5}, "certificate expired");
  CHECK(error.fault == Fault::tls);
  CHECK(error.reply == StatusReply{451, {4, 7, 5}, "certificate expired"});
  CHECK(error.detail.empty());
}

TEST_CASE("error: only 5yz is permanent, and what nobody filled in is not") {
  CHECK(StatusReply{550, {}, {}}.is_permanent());
  CHECK(StatusReply{500, {}, {}}.is_permanent());
  CHECK_FALSE(StatusReply{451, {}, {}}.is_permanent());
  CHECK_FALSE(StatusReply{499, {}, {}}.is_permanent());
  CHECK_FALSE(Error{}.reply.is_permanent());
}

TEST_CASE("error: every fault has a name of its own") {
  constexpr auto kLast = static_cast<int>(Fault::canceled);
  for (int i = 0; i <= kLast; ++i) {
    CHECK(to_string(static_cast<Fault>(i)) != "unknown");
    for (int k = 0; k < i; ++k) CHECK(to_string(static_cast<Fault>(i)) != to_string(static_cast<Fault>(k)));
  }
  CHECK(to_string(Fault::canceled) == "canceled");
}

}  // namespace
}  // namespace homeward
