// The table of product.md 3, column "direct", row by row.
#include "proxy/delivery/verdict.hpp"

#include "tests/support/catch.hpp"

namespace homeward::delivery::test {
namespace {

const Upstream kHome{"home", "mail.isp.test"};

smtp::Reply reply(int code, std::optional<EnhancedCode> enhanced, std::vector<std::string> lines) {
  return {code, enhanced, std::move(lines)};
}

}  // namespace

TEST_CASE("delivery: upstream's verdict keeps its code and names the account", "[delivery]") {
  struct Case {
    smtp::Reply said;
    std::string told;
  };
  const std::vector<Case> cases = {
      {reply(250, EnhancedCode{2, 0, 0}, {"queued"}), "250 2.0.0 home (mail.isp.test): queued\r\n"},
      {reply(250, std::nullopt, {"ok"}), "250 2.0.0 home (mail.isp.test): ok\r\n"},
      {reply(251, std::nullopt, {"will forward"}), "251 2.0.0 home (mail.isp.test): will forward\r\n"},
      {reply(450, EnhancedCode{4, 2, 1}, {"busy"}), "450 4.2.1 home (mail.isp.test): busy\r\n"},
      {reply(452, std::nullopt, {"full"}), "452 4.0.0 home (mail.isp.test): full\r\n"},
      {reply(550, EnhancedCode{5, 1, 1}, {"no such user"}),
       "550 5.1.1 home (mail.isp.test): no such user\r\n"},
      {reply(550, std::nullopt, {"relaying denied"}), "550 5.0.0 home (mail.isp.test): relaying denied\r\n"},
      {reply(554, EnhancedCode{5, 7, 1}, {"spam", "see why"}),
       "554-5.7.1 home (mail.isp.test): spam\r\n554 5.7.1 see why\r\n"},
      {reply(550, EnhancedCode{5, 7, 1}, {""}), "550 5.7.1 home (mail.isp.test): \r\n"},
  };
  for (const auto& [said, expected] : cases) {
    CAPTURE(said.code, said.text());
    CHECK(to_wire(told(kHome, said, nullptr)) == expected);
  }
}

TEST_CASE("delivery: a refused sender is told as such", "[delivery]") {
  const auto told = told_of_sender(kHome, "<ann@x.test>",
                                   reply(550, EnhancedCode{5, 7, 1}, {"not owned by user"}), nullptr);
  CHECK(to_wire(told) == "550 5.7.1 home (mail.isp.test): Sender <ann@x.test>: not owned by user\r\n");
}

TEST_CASE("delivery: a refusal that the catalogue knows begins with its sense and ends with its cure",
          "[delivery]") {
  mail::Advice advice;
  advice.sentence = "The recipient's mailbox is full";
  advice.cure = "Ask the recipient to make room";
  const auto full = reply(552, EnhancedCode{5, 2, 2}, {"over quota", "see why"});
  CHECK(to_wire(told(kHome, full, &advice)) ==
        "552-5.2.2 The recipient's mailbox is full. home (mail.isp.test): over quota\r\n"
        "552 5.2.2 see why. What to do: Ask the recipient to make room\r\n");
  CHECK(told_of_sender(kHome, "<a@b.test>", full, &advice).lines.front() ==
        "The recipient's mailbox is full. home (mail.isp.test): Sender <a@b.test>: over quota");
  // What is said to who keeps the message is no help to a client.
  advice.cure = "Nothing: it is tried again";
  CHECK(told(kHome, full, &advice).lines.back() == "see why");
  CHECK(told(kHome, reply(250, EnhancedCode{2, 0, 0}, {"ok"}), &advice).text() == "home (mail.isp.test): ok");
}

TEST_CASE("delivery: a login that is asked for in mid-transaction is our trouble", "[delivery]") {
  for (const int code : {530, 534, 535, 538}) {
    CAPTURE(code);
    const auto said = reply(code, EnhancedCode{5, 7, 0}, {"authentication required"});
    for (const auto& told :
         {told(kHome, said, nullptr), told_of_sender(kHome, "<ann@x.test>", said, nullptr)}) {
      CHECK(told.code == 451);
      CHECK(told.enhanced == EnhancedCode{4, 7, 0});
      CHECK(told.text().find(std::to_string(code) + " authentication required") != std::string::npos);
    }
  }
  CHECK(told(kHome, reply(550, std::nullopt, {"no"}), nullptr).code == 550);
}

TEST_CASE("delivery: a 5yz that passes is told as a 4yz", "[delivery]") {
  for (const auto& [code, transient] :
       {std::pair{550, 450}, {551, 451}, {552, 452}, {553, 451}, {554, 451}}) {
    CAPTURE(code);
    const auto told = as_transient(reply(code, EnhancedCode{5, 7, 1}, {"greylisted", "come again"}));
    CHECK(told.code == transient);
    CHECK(told.enhanced == EnhancedCode{4, 7, 1});
    CHECK(told.text() == reply(code, std::nullopt, {"greylisted", "come again"}).text());
  }
  CHECK_FALSE(as_transient(reply(550, std::nullopt, {"no"})).enhanced);
}

TEST_CASE("delivery: every lost connection is temporary, whatever its cause", "[delivery]") {
  for (const auto fault : {Fault::network, Fault::timeout, Fault::protocol, Fault::refused, Fault::tls}) {
    CAPTURE(to_string(fault));
    const auto error = make_error(fault, 451, {4, 4, 0}, "the connection was closed");
    const auto before = lost(kHome, error);
    CHECK(to_wire(before) == "451 4.4.2 home (mail.isp.test): the connection was closed\r\n");
    const auto after = lost_after_dot(kHome, error);
    CHECK(after.code == 451);
    CHECK(after.enhanced == EnhancedCode{4, 4, 2});
    CHECK(after.text().find("may have been delivered") != std::string::npos);
    CHECK(after.text().find("home (mail.isp.test)") == 0);
  }
}

}  // namespace homeward::delivery::test
