// The error catalogue: its file has no fault, and replies of real servers find their row. The words are those
// of providers' own pages and of reports by their users.
#include <algorithm>
#include <set>

#include "conf/advice_reader.hpp"
#include "proxy/base/text.hpp"
#include "proxy/smtp/reply_parser.hpp"
#include "tests/unit/conf/loading.hpp"

namespace homeward::conf {
namespace {

/// As it came off the wire; "\n" between lines that carry their own code.
smtp::Reply reply_of(std::string_view wire) {
  smtp::ReplyParser parser;
  std::string bytes;
  for (const char c : wire) bytes += c == '\n' ? std::string("\r\n") : std::string(1, c);
  parser.feed(bytes + "\r\n");
  const auto parsed = parser.next();
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->has_value());
  return **parsed;
}

std::string name_of(std::string_view wire) {
  const auto* advice = built_in_advice()->find(reply_of(wire));
  return advice == nullptr ? "none" : advice->name;
}

TEST_CASE("conf: the catalogue's file has no fault") {
  const auto file = read_advice(advice_text());
  for (const auto& fault : file.faults) {
    CAPTURE(fault.line);
    CHECK(fault.finding == "");
  }
  CHECK(file.rows.size() >= 150);
  CHECK(built_in_advice()->rows().size() == file.rows.size());
  CHECK(built_in_advice() == built_in_advice());
}

TEST_CASE("conf: a loaded configuration has the catalogue") {
  CHECK(test::config_of(test::kAccount)->advice == built_in_advice());
}

struct Case {
  std::string wire;
  std::string row;
};

TEST_CASE("conf: a 5yz that says it passes is temporary") {
  const auto c = GENERATE(values<Case>({
      {"550 Can't verify recipient's host now", "recipient-host-unverified"},
      {"550 5.1.2 <bob@y.test>: unable to verify the recipient's host at this time",
       "recipient-host-unverified"},
      {"550 5.1.2 <bob@y.test>: Recipient address rejected: Domain not found", "recipient-domain-not-found"},
      {"554 5.4.4 DNS lookup failed for y.test", "name-service"},
      {"550 5.4.3 Name service error for name=y.test type=MX: Host not found, try again",
       "name-not-found-for-now"},
      {"550 5.7.1 <bob@y.test>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/",
       "greylisted"},
      {"554 5.7.1 Greylisting in action, please come back later", "greylisted"},
      {"554 5.4.4 Host or domain name not found. Name service error for name=y.test type=MX: Host not found, "
       "try "
       "again",
       "name-not-found-for-now"},
      {"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
       "exchange-submission-quota"},
      {"554 5.2.121 The sender has exceeded the limit for the number of messages they can send to this "
       "recipient per hour.",
       "hourly-limit"},
      {"550 5.7.1 <bob@y.test>: Recipient address rejected: User temporary locked. Please try again later",
       "try-later"},
      {"550-5.7.1 Message temporarily\n550 5.7.1 deferred due to user complaints", "try-later"},
      {"554 5.7.1 Service unavailable; please try later", "try-later"},
      {"554 Transaction failed: please try again later", "try-later"},
      {"550 5.3.0 Temporary local problem, retry later", "try-later"},
      {"554 5.7.1 Too many connections from your host", "too-many-connections"},
      {"550 5.7.0 Too many concurrent SMTP connections", "too-many-connections"},
      {"552 5.5.3 Too many recipients", "too-many-recipients"},
      {"552 too many recipients", "too-many-recipients"},
      {"550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\n550-5.4.5 sending limits "
       "go "
       "to\n550 5.4.5  https://support.google.com/a/answer/166852 d2e1a - gsmtp",
       "daily-limit"},
      {"550 5.4.5 Daily sending quota exceeded. n37sm954097wag", "daily-limit"},
      {"554 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
       "daily-limit"},
      {"550-5.2.1 The user you are trying to contact is receiving mail at a rate that\n550 5.2.1 prevents "
       "additional messages from being delivered.",
       "sending-too-fast"},
      {"550 Domain x.test has exceeded the max emails per hour (150/100 (150%)) allowed.  Message discarded.",
       "hourly-limit"},
      {"550 5.4.6 Unusual sending activity detected. Please try after sometime", "sending-too-fast"},
      {"550 Ratelimit exceeded for mailbox ann@isp.example. Try again later.", "sending-too-fast"},
      {"552 insufficient system storage", "server-disk-full"},
      {"550 5.2.1 Mailbox temporarily unavailable, try again later", "try-later"},
  }));
  CAPTURE(c.wire);
  CHECK(name_of(c.wire) == c.row);
  CHECK(built_in_advice()->is_temporary(reply_of(c.wire)));
}

TEST_CASE("conf: a 5yz that stays finds its row, and is not tried again") {
  const auto c = GENERATE(values<Case>({
      {"550 5.1.1 User unknown", "user-unknown"},
      {"550 5.1.1 <bob@y.test>: Recipient address rejected: User unknown in virtual mailbox table",
       "user-unknown"},
      {"550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 "
       "double-checking "
       "the recipient's email address for typos or\n550 5.1.1 unnecessary spaces.",
       "user-unknown"},
      {"550 5.1.1 User unknown; greylisted, try again later", "user-unknown"},
      {"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bob@y.test not found by SMTP address lookup",
       "user-unknown"},
      {"550 No such user here", "user-unknown-in-words"},
      {"554 delivery error: dd This user doesn't have a yahoo.com account (bob@yahoo.com) [0]",
       "user-unknown-in-words"},
      {"550 Unrouteable address", "user-unknown-in-words"},
      {"556 5.1.10 Recipient address has null MX", "null-mx"},
      {"550 5.4.1 Recipient address rejected: Access denied. [DB5.prod.outlook.com]", "exchange-unknown"},
      {"553 5.1.3 The recipient address <bob> is not a valid RFC 5321 address", "address-syntax-in-words"},
      {"552 5.2.2 Mailbox full", "mailbox-full"},
      {"554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException", "mailbox-full"},
      {"552-5.2.2 The email account that you tried to reach is over quota", "mailbox-full"},
      {"552 Requested mail action aborted: exceeded storage allocation", "mailbox-full-in-words"},
      {"550-5.2.1 The email account that you tried to reach is disabled", "mailbox-disabled"},
      {"550 Requested action not taken: mailbox unavailable", "mailbox-unavailable"},
      {"550 5.1.2 Host unknown (Name server: y.test: host not found)", "domain-unknown-in-words"},
      {"550 <bob@elsewhere.example>... Relaying Denied", "relaying-denied"},
      {"554 5.7.1 <bob@y.test>: Relay access denied", "relaying-denied"},
      {"550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "exchange-relaying-denied"},
      {"553 5.7.1 <x@y.test>: Sender address rejected: not owned by user ann@isp.example",
       "sender-not-owned"},
      {"553 Relaying disallowed as x@y.test", "sender-not-owned"},
      {"553 5.7.2 [TSS06] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT "
       "succeed",
       "blocklisted"},
      {"550 5.7.1 blocked due to too many user complaints", "sending-too-fast-in-words"},
      {"550 5.5.3 RESOLVER.ADR.RecipLimit", "too-many-recipients-for-a-message"},
      {"550 mailbox has been suspended", "mailbox-disabled-in-words"},
      {"554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException", "exchange-outbound-spam"},
      {"554 5.2.252 SendAsDenied; ann@isp.example not allowed to send as x@y.test; "
       "STOREDRV.Submission.Exception",
       "send-as-denied"},
      {"554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
       "send-as-denied"},
      {"550 5.7.60 SMTP; Client does not have permissions to send as this sender",
       "exchange-sender-permission"},
      {"553 5.7.1 header from does not match MAIL FROM", "header-from"},
      {"550 5.1.8 <root@laptop>: Sender address rejected: Domain not found", "sender-domain-not-there"},
      {"550 5.1.8 Access denied, bad outbound sender AS(42004)", "account-blocked"},
      {"550 5.7.30 Basic authentication is not supported for Client Submission.", "basic-auth-off"},
      {"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
       "smtp-auth-disabled"},
      {"535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "outlook-basic-auth"},
      {"535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", "wrong-password"},
      {"534-5.7.9 Application-specific password required. For more information, go to\n534 5.7.9  "
       "https://support.google.com/mail/?p=InvalidSecondFactor",
       "app-password-in-words"},
      {"534-5.7.14 Please log in via your web browser and then try again.", "web-login-in-words"},
      {"535-5.7.8 Username and Password not accepted.", "wrong-password"},
      {"530 5.7.0 Authentication Required.", "login-wanted"},
      {"530 5.7.57 Client not authenticated to send mail.", "anonymous-mail"},
      {"550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
       "restricted-recipient"},
      {"550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", "restricted-group"},
      {"552 5.3.4 Message size exceeds fixed limit", "message-too-large"},
      {"552-5.3.4 Your message exceeded Google's message size limits.", "message-too-large"},
      {"552 Message size exceeds maximum permitted", "message-too-large-in-words"},
      {"554 5.4.6 Too many hops", "loop"},
      {"554 5.4.14 Hop count exceeded - possible mail loop ATTR34", "loop"},
      {"550-5.7.26 Unauthenticated email from x.test is not accepted due to domain's\n550 5.7.26 DMARC "
       "policy.",
       "sender-unauthenticated"},
      {"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
       "blocklisted"},
      {"550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record",
       "reverse-dns"},
      {"550 5.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]", "reverse-dns"},
      {"552-5.7.0 This message was blocked because its content presents a potential\n552 5.7.0 security "
       "issue.",
       "dangerous-attachment"},
      {"554 5.7.1 virus Eicar-Test-Signature detected by ClamAV", "virus"},
      {"554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc", "spam"},
      {"550 spam message rejected. Please visit https://help.mail.ru/notspam-support", "spam"},
      {"550 5.6.7 Address needs SMTPUTF8", "needs-smtputf8-in-words"},
  }));
  CAPTURE(c.wire);
  // The last line of a reply has a blank behind its code.
  auto wire = c.wire;
  if (const auto last = wire.rfind('\n') == std::string::npos ? 0 : wire.rfind('\n') + 1;
      wire[last + 3] == '-')
    wire[last + 3] = ' ';
  CHECK(name_of(wire) == c.row);
  CHECK_FALSE(built_in_advice()->is_temporary(reply_of(wire)));
}

TEST_CASE("conf: what nobody knows is said to be unknown, and is what its code says") {
  for (const auto* wire : {"550 5.0.0 Qwertz", "554 5.6.0 Nope", "550 5.7.1 No", "571 Hm"}) {
    CAPTURE(wire);
    CHECK(name_of(wire) == "none");
    CHECK_FALSE(built_in_advice()->is_temporary(reply_of(wire)));
  }
  CHECK(name_of("451 4.0.0 Qwertz") == "none");
  CHECK(built_in_advice()->is_temporary(reply_of("451 4.0.0 Qwertz")));
}

// Whatever else such a reply says.
TEST_CASE("conf: an unknown user is never temporary") {
  for (const auto& row : built_in_advice()->rows()) {
    if (!row.advice.temporary || row.place == mail::Place::box) continue;
    for (const auto& pattern : row.texts) {
      auto text = pattern;
      std::ranges::replace(text, '*', ' ');
      CAPTURE(text);
      CHECK_FALSE(built_in_advice()->is_temporary(smtp::make_reply(550, {5, 1, 1}, "User unknown " + text)));
      CHECK_FALSE(built_in_advice()->is_temporary(smtp::make_reply(550, text + ": user unknown")));
    }
  }
}

TEST_CASE("conf: every text of the catalogue can be met in its row or in one before it") {
  for (const auto& row : built_in_advice()->rows()) {
    for (const auto& pattern : row.texts) {
      auto text = pattern;
      std::ranges::replace(text, '*', ' ');
      CAPTURE(row.advice.name, text);
      if (row.place == mail::Place::box) {
        CHECK(built_in_advice()->look_in_box(text).has_value());
        continue;
      }
      smtp::Reply reply = smtp::make_reply(row.codes.empty() ? 550 : row.codes.front(), text);
      if (!row.enhanced.empty()) reply.enhanced = row.enhanced.front();
      CHECK(built_in_advice()->find(reply) != nullptr);
    }
  }
}

TEST_CASE("conf: a row's words are fit for a reply, a report and a screen") {
  for (const auto& row : built_in_advice()->rows()) {
    CAPTURE(row.advice.name);
    for (const auto& words : {row.advice.sentence, row.advice.cure}) {
      CHECK(text::is_ascii(words));
      CHECK_FALSE(words.ends_with('.'));
      CHECK(words.size() <= 180);
    }
    if (row.place == mail::Place::reply) CHECK(row.advice.sentence.size() <= 60);  // a panel shows no more
  }
}

TEST_CASE("conf: a fault in a catalogue is told with its line, and the row is left out") {
  struct Bad {
    std::string line;
    std::string finding;
  };
  const auto c = GENERATE(values<Bad>({
      {"code = 55O", "is no code"},
      {"code = 250", "is no code"},
      {"enhanced = 5.7", "no enhanced code"},
      {"enhanced = 2.0.0", "no enhanced code"},
      {"enhanced = y.7.1", "no enhanced code"},
      {"enhanced = 5.7.1000", "no enhanced code"},
      {"text = *", "fit everything"},
      {"text = a  b", "two blanks"},
      {"cause = luck", "no cause"},
      {"place = shelf", "no place"},
      {"temporary = maybe", "yes nor no"},
      {"tempory = yes", "no key"},
      {"sentence = again", "given twice"},
      {"text =", "no value"},
      {"cure", "neither a"},
  }));
  CAPTURE(c.line);
  const auto file = read_advice(
      "[good]\ncode = 550\nsentence = s\ncause = you\ncure = c\n[bad]\nsentence = s\n"
      "\n\n\n" +
      c.line + "\n");
  REQUIRE_FALSE(file.faults.empty());
  const auto told = std::ranges::find_if(
      file.faults, [&](const IniFault& fault) { return fault.finding.find(c.finding) != std::string::npos; });
  REQUIRE(told != file.faults.end());
  CHECK(told->line == 11);
  REQUIRE(file.rows.size() == 1);
  CHECK(file.rows[0].advice.name == "good");
}

TEST_CASE("conf: a row that would fit everything, or lacks its words, is no row") {
  for (const auto* text :
       {"[r]\nsentence = s\ncause = you\ncure = c\n", "[r]\ncode = 550\ncause = you\ncure = c\n",
        "[r]\ncode = 550\nsentence = s\ncure = c\n", "[r]\ncode = 550\nsentence = s\ncause = you\n",
        "[r]\ncode = 550\nsentence = s\ncause = you\ncure = c\ntemporary = yes\n",
        "[r]\nplace = box\ncode = 550\ntext = a\nsentence = s\ncause = you\ncure = c\n",
        "[r]\nplace = box\ntext = a\nsentence = s\ncause = you\ncure = c\nrepair = sender\n",
        "[r]\ncode = 550\nsentence = s\ncause = you\ncure = c\nrepair = to\n"}) {
    CAPTURE(text);
    const auto file = read_advice(text);
    CHECK(file.rows.empty());
    CHECK(file.faults.size() == 1);
  }
  const std::string row = "[r]\ncode = 550\nsentence = s\ncause = you\ncure = c\n";
  CHECK(read_advice(row + row).rows.size() == 1);
}

TEST_CASE("conf: a row's keys arrive") {
  const auto file = read_advice(
      "[r]\ncode = 550, 553\nenhanced = x.7.1, 5.2.252\ntext = A b | C*d\ntext = e\nprovider = Gmail\n"
      "sentence = s\ncause = homeward\ncure = c\ntemporary = yes\n");
  REQUIRE(file.rows.size() == 1);
  const auto& row = file.rows[0];
  CHECK(row.codes == std::vector<int>{550, 553});
  CHECK(row.enhanced == std::vector<EnhancedCode>{{4, 7, 1}, {5, 7, 1}, {5, 2, 252}});
  CHECK(row.texts == std::vector<std::string>{"a b", "c*d", "e"});
  CHECK(row.provider == "gmail");
  CHECK(row.advice.cause == mail::Cause::homeward);
  CHECK(row.advice.temporary);
  CHECK(row.advice.kind == "r");
  CHECK(row.place == mail::Place::reply);
  const auto box = read_advice("[b]\nkind = k\nplace = box\ntext = t\nsentence = s\ncause = you\ncure = c\n");
  REQUIRE(box.rows.size() == 1);
  CHECK(box.rows[0].advice.kind == "k");
  CHECK(box.rows[0].place == mail::Place::box);
}

}  // namespace
}  // namespace homeward::conf
