// Whom mail for this machine's own names goes to.
#include "proxy/mail/local_recipients.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

smtp::Mailbox mailbox(std::string_view text) {
  return smtp::Mailbox::parse(text).value();
}

smtp::Recipient recipient(std::string_view text) {
  smtp::Recipient made;
  if (text.find('@') == std::string_view::npos)
    made.path.unqualified = text;
  else
    made.path.mailbox = mailbox(text);
  made.parameters.notify = smtp::Notify{.success = false, .failure = true, .delay = false};
  made.parameters.original_recipient = "rfc822;root";
  return made;
}

std::vector<std::string> texts(const std::vector<smtp::Recipient>& recipients) {
  std::vector<std::string> out;
  for (const auto& each : recipients) out.push_back(each.path.to_string());
  return out;
}

TEST_CASE("mail: names of this machine become the local recipients, all others stay") {
  const std::vector two{mailbox("ann@isp.example"), mailbox("bob@isp.example")};
  struct Case {
    std::string to;
    std::string hostname;
    bool local;
  };
  const std::vector<Case> cases{
      {"root", "gw.office.example", true},
      {"Postmaster", "gw.office.example", true},
      {"root@localhost", "gw.office.example", true},
      {"root@LocalHost.localdomain", "gw.office.example", true},
      {"root@GW.office.example", "gw.Office.example", true},
      {"root@gw", "gw", true},
      {"root@gw.office.example", "gw", false},
      {"root@office.example", "gw.office.example", false},
      {"root@localhost.example", "gw", false},
      {"carol@y.test", "gw", false},
      {"carol@isp.example", "isp.example", false},
      {"root@localhost", "isp.example", true},
      {"root", "", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.to, c.hostname);
    const auto to = recipient(c.to);
    const auto found = qualify(to, two, c.hostname);
    REQUIRE(found.has_value());
    if (!c.local) {
      CHECK(*found == std::vector{to});
      continue;
    }
    CHECK(texts(*found) == std::vector<std::string>{"<ann@isp.example>", "<bob@isp.example>"});
    for (const auto& each : *found) CHECK(each.parameters == to.parameters);
  }
}

TEST_CASE("mail: without local recipients a name alone is refused with the cure") {
  for (const std::string name : {"root", "a\xc3\xa9", "x\x01y"}) {
    const auto found = qualify(recipient(name), {}, "gw");
    REQUIRE_FALSE(found.has_value());
    const auto& reply = found.error().reply;
    CHECK(reply.code == 550);
    CHECK(to_string(reply.enhanced) == "5.1.3");
    CHECK(reply.text.find("local_recipients") != std::string::npos);
    CHECK(reply.text.find('\x01') == std::string::npos);
    CHECK(found.error().fault == Fault::client);
  }
  for (const auto* address : {"root@localhost", "root@gw", "carol@y.test"}) {
    CHECK(qualify(recipient(address), {}, "gw").value() == std::vector{recipient(address)});
  }
}

}  // namespace
}  // namespace homeward::mail
