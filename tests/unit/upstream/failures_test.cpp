// What a person is told where no server could be reached. product.md 3 (the first row of the table).
#include "proxy/upstream/failures.hpp"

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

PortFailure failure(std::string host, std::uint16_t port, Fault fault, std::string text,
                    EnhancedCode enhanced = {4, 4, 2}) {
  return {{std::move(host), port, Security::start_tls}, make_error(fault, 451, enhanced, std::move(text))};
}

PortFailure dropped(std::uint16_t port) {
  return failure("mail.test", port, Fault::timeout,
                 "connecting to mail.test port " + std::to_string(port) + ": no answer in time");
}

PortFailure portal(std::uint16_t port) {
  return failure("mail.test", port, Fault::tls, "a web server answers: a captive portal", {4, 7, 5});
}

PortFailure unknown(std::string host, std::uint16_t port) {
  const auto text = "cannot find the address of " + host + ": no such name";
  return failure(std::move(host), port, Fault::dns, text, {4, 4, 3});
}

}  // namespace

TEST_CASE("upstream: every port is told once and shortly, TLS faults first", "[upstream]") {
  const auto refused =
      failure("mail.test", 587, Fault::network, "connecting to mail.test port 587: Connection refused");
  struct Case {
    std::vector<PortFailure> failures;
    std::string text;
    EnhancedCode enhanced;
    Fault fault;
  };
  const std::vector<Case> cases = {
      {{dropped(465)}, "home (mail.test): no answer in time", {4, 4, 1}, Fault::timeout},
      {{dropped(465), refused, dropped(2525)},
       "home (mail.test): ports 465, 2525: no answer in time; port 587: Connection refused",
       {4, 4, 1},
       Fault::timeout},
      {{dropped(465), dropped(587), dropped(2525)},
       "home (mail.test): no answer in time",
       {4, 4, 1},
       Fault::timeout},
      {{dropped(465), portal(587)},
       "home (mail.test): port 587: a web server answers: a captive portal; port 465: no answer in time",
       {4, 7, 5},
       Fault::tls},
      {{unknown("mail.test", 465), unknown("mail.test", 587)},
       "home (mail.test): cannot find the address of mail.test: no such name",
       {4, 4, 3},
       Fault::dns},
      {{unknown("mail.test", 465), dropped(587)},
       "home (mail.test): cannot find the address of mail.test: no such name; port 587: no answer in time",
       {4, 4, 1},
       Fault::dns},
      {{dropped(465), refused, unknown("b.test", 465)},
       "home (mail.test): port 465: no answer in time; port 587: Connection refused; b.test: cannot find the "
       "address of b.test: no such name",
       {4, 4, 1},
       Fault::timeout},
      {{unknown("b.test", 465), portal(465)},
       "home (mail.test): a web server answers: a captive portal; b.test: cannot find the address of b.test: "
       "no "
       "such name",
       {4, 7, 5},
       Fault::tls},
      {{failure("mail.test", 465, Fault::refused, "mail.test refused at its greeting: 554 no", {4, 7, 0})},
       "home (mail.test): mail.test refused at its greeting: 554 no",
       {4, 4, 1},
       Fault::refused},
      {{failure("mail.test", 465, Fault::tls, "a web server answers on port 465 of mail.test: a portal",
                {4, 7, 5}),
        refused},
       "home (mail.test): a web server answers on port 465 of mail.test: a portal; port 587: Connection "
       "refused",
       {4, 7, 5},
       Fault::tls},
      {{failure("mail.test", 465, Fault::network,
                "connecting to the proxy p.test port 3128 (for mail.test port 465): Connection refused"),
        failure("mail.test", 587, Fault::network,
                "connecting to the proxy p.test port 3128 (for mail.test port 587): Connection refused")},
       "home (mail.test): connecting to the proxy p.test port 3128: Connection refused",
       {4, 4, 1},
       Fault::network},
      {{failure("mail.test", 465, Fault::local, "something went wrong here", {4, 3, 0})},
       "home (mail.test): something went wrong here",
       {4, 3, 0},
       Fault::local},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto error = gathered("home", c.failures);
    CHECK(error.reply.text == c.text);
    CHECK(error.reply.code == 451);
    CHECK(error.reply.enhanced == c.enhanced);
    CHECK(error.fault == c.fault);
  }
}

TEST_CASE("upstream: what is told of many servers has an end, and each cause is whole", "[upstream]") {
  std::vector<PortFailure> failures;
  for (int i = 0; i < 50; ++i) {
    failures.push_back(
        failure("s" + std::to_string(i) + ".test", 465, Fault::refused, std::string(300, 'x')));
  }
  failures.push_back(failure("last.test", 465, Fault::tls, std::string(400, 'y'), {4, 7, 5}));
  const auto error = gathered("home", failures);
  CHECK(error.reply.text.find(std::string(400, 'y')) != std::string::npos);
  CHECK(error.reply.text.size() < 1200);
  CHECK(error.reply.text.ends_with(std::string(300, 'x')));
}

}  // namespace homeward::upstream::test
