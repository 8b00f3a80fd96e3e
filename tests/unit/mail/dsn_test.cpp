// Reports: their words, their machine's part, and that nothing foreign gets a line of its own. Each report is
// read again by a strict reader. RFC 3464, RFC 3462, RFC 3461 §6, RFC 2046 §5.1.1.
#include "proxy/mail/dsn.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"
#include "tests/support/catch.hpp"

namespace homeward::mail {
namespace {

using std::chrono::hours;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kHeader =
    "Received: from x\r\n\tby y; today\r\n"
    "Subject: Minutes of\r\n Monday\r\nMessage-ID: <one@x.test>\r\nFrom: Ann <ann@x.test>\r\n";

struct Part {
  Fields header;
  std::string body;
};

struct Report {
  Fields header;
  std::vector<Part> parts;
};

/// Lines without their ends. The test fails on a bare CR or LF, an octet beyond 7 bits, a line too long.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  REQUIRE(text.ends_with("\r\n"));
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    const auto line = text.substr(0, end);
    REQUIRE(line.size() <= 998);
    REQUIRE(std::ranges::all_of(line, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); }));
    lines.emplace_back(line);
    text.remove_prefix(end + 2);
  }
  return lines;
}

/// Reads fields up to an empty line or the end; `at` is behind it then.
Fields read_fields(const std::vector<std::string>& lines, std::size_t& at, std::size_t end) {
  Fields fields;
  for (; at < end && !lines[at].empty(); ++at) {
    const auto& line = lines[at];
    if (line.front() == ' ' || line.front() == '\t') {
      REQUIRE_FALSE(fields.empty());
      REQUIRE(line.find_first_not_of(" \t") != std::string::npos);
      fields.back().second += line;
      continue;
    }
    const auto colon = line.find(':');
    REQUIRE(colon != std::string::npos);
    REQUIRE(colon > 0);
    REQUIRE(line.find_first_of(" \t") > colon);
    fields.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  if (at < end) ++at;
  return fields;
}

std::string get(const Fields& fields, std::string_view name) {
  std::string found;
  int count = 0;
  for (const auto& [key, value] : fields) {
    if (key != name) continue;
    found = value;
    ++count;
  }
  CAPTURE(std::string(name));
  CHECK(count <= 1);
  return found;
}

Report read_report(const std::string& text) {
  const auto lines = lines_of(text);
  std::size_t at = 0;
  Report report;
  report.header = read_fields(lines, at, lines.size());
  const auto type = get(report.header, "Content-Type");
  REQUIRE(type.starts_with("multipart/report; report-type=delivery-status; boundary=\""));
  const auto boundary = "--" + type.substr(type.find('"') + 1, type.rfind('"') - type.find('"') - 1);
  REQUIRE(boundary.size() <= 72);
  std::vector<std::size_t> marks;
  for (std::size_t i = at; i < lines.size(); ++i)
    if (lines[i].starts_with(boundary)) marks.push_back(i);
  REQUIRE(marks.size() == 4);
  REQUIRE(marks.front() == at);
  REQUIRE(lines[marks.back()] == boundary + "--");
  REQUIRE(marks.back() + 1 == lines.size());
  for (std::size_t i = 0; i + 1 < marks.size(); ++i) {
    REQUIRE(lines[marks[i]] == boundary);
    Part part;
    auto line = marks[i] + 1;
    part.header = read_fields(lines, line, marks[i + 1]);
    // The line end before a boundary belongs to the boundary.
    for (; line + 1 < marks[i + 1]; ++line) part.body += lines[line] + "\r\n";
    report.parts.push_back(std::move(part));
  }
  return report;
}

std::vector<Fields> groups_of(const Part& part) {
  const auto lines = lines_of(part.body);
  std::vector<Fields> groups;
  for (std::size_t at = 0; at < lines.size();) groups.push_back(read_fields(lines, at, lines.size()));
  return groups;
}

std::string squeezed(std::string text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\r' || c == '\n';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

std::chrono::system_clock::time_point noon() {
  return std::chrono::sys_days{std::chrono::year{2026} / 11 / 17} + hours{12};
}

ReportedRecipient refused(std::string_view address, std::optional<smtp::Reply> reply) {
  ReportedRecipient made;
  made.to.path.mailbox = smtp::Mailbox::parse(address).value();
  made.reply = std::move(reply);
  return made;
}

ReportFacts facts() {
  ReportFacts made;
  made.hostname = "gw.office.example";
  made.message_id = "R1abc@gw.office.example";
  made.to = smtp::Mailbox::parse("ann@isp.example").value();
  made.account = "home";
  made.server = "submission.isp.example";
  made.original_id = "M7xyz";
  made.sender.mailbox = smtp::Mailbox::parse("ann@x.test").value();
  made.arrived = noon() - hours{5};
  made.last_attempt = noon() - hours{1};
  made.now = noon();
  made.attempts = 3;
  made.original_header = kHeader;
  made.recipients.push_back(
      refused("bob@y.test", smtp::make_reply(550, {5, 1, 1}, "<bob@y.test>: User unknown")));
  return made;
}

const Advice& unknown_user() {
  static const Advice advice{.name = "user-unknown",
                             .sentence = "There is no such mailbox",
                             .cause = Cause::you,
                             .cure = "Check the address",
                             .temporary = false};
  return advice;
}

TEST_CASE("mail: a report is a message of three parts to the account's owner") {
  const auto report = read_report(write_report(facts()));
  CHECK(get(report.header, "From") == "\"Mail delivery (homeward)\" <ann@isp.example>");
  CHECK(get(report.header, "To") == "<ann@isp.example>");
  CHECK(get(report.header, "Subject") == "Not delivered: Minutes of Monday");
  CHECK(get(report.header, "Date") == "Tue, 17 Nov 2026 12:00:00 +0000");
  CHECK(get(report.header, "Message-ID") == "<R1abc@gw.office.example>");
  CHECK(get(report.header, "In-Reply-To") == "<one@x.test>");
  CHECK(get(report.header, "References") == "<one@x.test>");
  CHECK(get(report.header, "Auto-Submitted") == "auto-replied");
  CHECK(get(report.header, "MIME-Version") == "1.0");
  CHECK(report.header.size() == 10);
  CHECK(get(report.parts[0].header, "Content-Type") == "text/plain; charset=us-ascii");
  CHECK(get(report.parts[1].header, "Content-Type") == "message/delivery-status");
  CHECK(get(report.parts[2].header, "Content-Type") == "text/rfc822-headers");
  CHECK(get(report.parts[2].header, "Content-Transfer-Encoding") == "7bit");
  CHECK(report.parts[2].body == kHeader);
}

TEST_CASE("mail: the machine's part says what became of whom") {
  auto made = facts();
  made.envelope_id = "QQ+2B1+20x";
  made.recipients.front().to.parameters.original_recipient = "rfc822;Bob+20B@old.test";
  made.recipients.push_back(refused("carol@y.test", {}));
  const auto groups = groups_of(read_report(write_report(made)).parts[1]);
  REQUIRE(groups.size() == 3);
  CHECK(groups[0] == Fields{{"Original-Envelope-Id", "QQ+1 x"},
                            {"Reporting-MTA", "dns; gw.office.example"},
                            {"Arrival-Date", "Tue, 17 Nov 2026 07:00:00 +0000"}});
  CHECK(groups[1] == Fields{{"Original-Recipient", "rfc822; Bob B@old.test"},
                            {"Final-Recipient", "rfc822; bob@y.test"},
                            {"Action", "failed"},
                            {"Status", "5.1.1"},
                            {"Remote-MTA", "dns; submission.isp.example"},
                            {"Diagnostic-Code", "smtp; 550 5.1.1 <bob@y.test>: User unknown"},
                            {"Last-Attempt-Date", "Tue, 17 Nov 2026 11:00:00 +0000"}});
  CHECK(groups[2] == Fields{{"Final-Recipient", "rfc822; carol@y.test"},
                            {"Action", "failed"},
                            {"Status", "5.4.7"},
                            {"Remote-MTA", "dns; submission.isp.example"},
                            {"Last-Attempt-Date", "Tue, 17 Nov 2026 11:00:00 +0000"}});
}

TEST_CASE("mail: a report's status has the class of its action") {
  struct Case {
    ReportAction action;
    std::optional<smtp::Reply> reply;
    std::string name;
    std::string status;
  };
  const std::vector<Case> cases{
      {ReportAction::failed, smtp::make_reply(550, {5, 7, 1}, "No"), "failed", "5.7.1"},
      {ReportAction::failed, smtp::make_reply(550, "No"), "failed", "5.0.0"},
      {ReportAction::failed, smtp::make_reply(451, {4, 7, 1}, "Later"), "failed", "5.4.7"},
      {ReportAction::failed, {}, "failed", "5.4.7"},
      {ReportAction::delayed, smtp::make_reply(451, {4, 7, 1}, "Later"), "delayed", "4.7.1"},
      {ReportAction::delayed, smtp::make_reply(550, {5, 7, 1}, "Greylisted"), "delayed", "4.7.1"},
      {ReportAction::delayed, smtp::make_reply(451, "Later"), "delayed", "4.0.0"},
      {ReportAction::delayed, {}, "delayed", "4.4.1"},
      {ReportAction::delivered, smtp::make_reply(250, {2, 1, 5}, "OK"), "delivered", "2.1.5"},
      {ReportAction::relayed, {}, "relayed", "2.0.0"},
      {ReportAction::relayed, smtp::make_reply(451, {4, 7, 1}, "x"), "relayed", "2.0.0"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name, c.status);
    auto made = facts();
    made.action = c.action;
    made.retry_until = noon() + hours{24};
    made.recipients = {refused("bob@y.test", c.reply)};
    const auto groups = groups_of(read_report(write_report(made)).parts[1]);
    REQUIRE(groups.size() == 2);
    CHECK(get(groups[1], "Action") == c.name);
    CHECK(get(groups[1], "Status") == c.status);
    const bool delayed = c.action == ReportAction::delayed;
    CHECK(get(groups[1], "Will-Retry-Until") == (delayed ? "Wed, 18 Nov 2026 12:00:00 +0000" : ""));
  }
}

TEST_CASE("mail: the words of a failure say what, whose fault, and what to do") {
  auto made = facts();
  made.recipients.front().advice = &unknown_user();
  made.possible_copy = true;
  const auto words = squeezed(read_report(write_report(made)).parts[0].body);
  CAPTURE(words);
  for (const auto* part :
       {"homeward on gw.office.example could not deliver your message", "<bob@y.test>",
        "What happened: There is no such mailbox", "Whose fault: yours", "What to do: Check the address",
        "submission.isp.example said: 550 5.1.1 <bob@y.test>: User unknown", "Subject: Minutes of Monday",
        "Sender: <ann@x.test>", "Tried: 3 times, last at Tue, 17 Nov 2026 11:00:00 +0000", "Account: home",
        "Trace id: M7xyz", "a copy may have arrived"}) {
    CAPTURE(part);
    CHECK(words.find(part) != std::string::npos);
  }
  CHECK(words.find("Given up") == std::string::npos);
}

TEST_CASE("mail: what is unknown is said to be, and what took too long too") {
  auto made = facts();
  made.recipients = {refused("a@y.test", smtp::make_reply(554, "Qwertz")),
                     refused("b@y.test", smtp::make_reply(451, "Later")), refused("c@y.test", {})};
  made.recipients[2].cause = "no server could be reached: no route";
  const auto words = squeezed(read_report(write_report(made)).parts[0].body);
  CAPTURE(words);
  CHECK(words.find("<a@y.test> What happened: The server refused it, in its own words below") !=
        std::string::npos);
  CHECK(words.find(
            "<b@y.test> What happened: The server would not take it for now Given up: the time for trying "
            "is over") != std::string::npos);
  CHECK(words.find("<c@y.test> What happened: no server could be reached: no route Given up") !=
        std::string::npos);
  CHECK(words.find("Whose fault") == std::string::npos);
}

TEST_CASE("mail: a delay promises to go on, a success names who has it") {
  auto made = facts();
  made.action = ReportAction::delayed;
  made.retry_until = noon() + hours{24};
  auto report = read_report(write_report(made));
  CHECK(get(report.header, "Subject") == "Still waiting: Minutes of Monday");
  CHECK(squeezed(report.parts[0].body)
            .find("goes on trying until Wed, 18 Nov 2026 12:00:00 +0000; you need not send it again") !=
        std::string::npos);
  CHECK(report.parts[0].body.find("Given up") == std::string::npos);
  made.action = ReportAction::relayed;
  report = read_report(write_report(made));
  CHECK(get(report.header, "Subject") == "Handed on: Minutes of Monday");
  CHECK(report.parts[0].body.find("<bob@y.test>") != std::string::npos);
  CHECK(report.parts[0].body.find("What happened") == std::string::npos);
  made.action = ReportAction::delivered;
  CHECK(get(read_report(write_report(made)).header, "Subject") == "Delivered: Minutes of Monday");
}

TEST_CASE("mail: the subject of the original is told in a form that any program shows") {
  struct Case {
    std::string field;
    std::string subject;
  };
  const std::string longest(160, 'x');
  const std::vector<Case> cases{
      {"", "Not delivered: message to <bob@y.test>"},
      {"Subject:\r\n", "Not delivered: message to <bob@y.test>"},
      {"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n", "Not delivered: =?utf-8?Q?Gr=C3=BC=C3=9Fe?="},
      {"Subject: Gr\xc3\xbc\xc3\x9f"
       "e\r\n",
       "Not delivered: =?UTF-8?B?R3LDvMOfZQ==?="},
      {"Subject: a\rBcc: x\r\n", "Not delivered: a?Bcc: x"},
      {"Subject: a\x1b[31m\r\n", "Not delivered: a?[31m"},
      {"Subject: " + longest + "\r\n", "Not delivered: " + longest},
      {"Subject: " + longest + "x\r\n", "Not delivered: message to <bob@y.test>"},
      {"Subject: one " + longest + "\r\n", "Not delivered: one ..."},
  };
  for (const auto& c : cases) {
    CAPTURE(c.field);
    auto made = facts();
    made.original_header = "X: y\r\n" + c.field;
    auto subject = get(read_report(write_report(made)).header, "Subject");
    CHECK(squeezed(subject) == c.subject);
  }
}

TEST_CASE("mail: long raw subjects are cut between characters, in encoded-words of a lawful length") {
  auto made = facts();
  std::string subject;
  for (int i = 0; i < 200; ++i) subject += "\xc3\xbc";
  made.original_header = "Subject: " + subject + "\r\n";
  const auto told = get(read_report(write_report(made)).header, "Subject");
  std::size_t words = 0;
  for (const auto word : text::split(told, ' ')) {
    if (!word.starts_with("=?")) continue;
    CHECK(word.size() <= 75);
    CHECK(text::is_valid_utf8(base64::decode(word.substr(10, word.size() - 12)).value()));
    ++words;
  }
  CHECK(words == 4);
}

TEST_CASE("mail: an 8-bit or overlong header is returned in quoted-printable") {
  for (const auto& line : {std::string("X-Name: caf\xc3\xa9"), std::string("X: ") + std::string(1000, 'x'),
                           std::string("X: a\rb"), std::string("X: a\x7f")}) {
    auto made = facts();
    made.original_header = line + "\r\n";
    const auto report = read_report(write_report(made));
    CHECK(get(report.parts[2].header, "Content-Transfer-Encoding") == "quoted-printable");
    for (const auto& shown : lines_of(report.parts[2].body)) CHECK(shown.size() <= 76);
  }
}

TEST_CASE("mail: of the original its header alone is returned, bounded, in whole lines") {
  auto made = facts();
  made.original_header = "A: b\r\n\r\nsecret body\r\n";
  CHECK(read_report(write_report(made)).parts[2].body == "A: b\r\n");
  made.original_header = "\r\nsecret body\r\n";
  CHECK(write_report(made).find("secret") == std::string::npos);
  made.original_header = "A: b\r\nC: cut";
  CHECK(read_report(write_report(made)).parts[2].body == "A: b\r\n");
  for (const auto* empty : {"", "x", "\r", "\n"}) {
    made.original_header = empty;
    CHECK(read_report(write_report(made)).parts[2].body.empty());
  }
  made.original_header.clear();
  while (made.original_header.size() < 2 * kMaxReturnedHeader)
    made.original_header += "X-Filler: some words\r\n";
  const auto body = read_report(write_report(made)).parts[2].body;
  CHECK(body.size() <= kMaxReturnedHeader);
  CHECK(body.size() > kMaxReturnedHeader - 30);
}

TEST_CASE("mail: whatever others wrote, no line of the report is theirs to begin") {
  const std::string evil = "x\r\nBcc: evil@z.test\r\n\r\n--=_R1abcgwofficeexample.0\r\n\x1b[2J\xff";
  auto made = facts();
  made.hostname = evil;
  made.account = evil;
  made.server = evil;
  made.original_id = evil;
  made.message_id = evil;
  made.envelope_id = evil;
  made.recipients.front().to.parameters.original_recipient = "rfc822;" + evil;
  smtp::Reply reply;
  reply.code = 550;
  reply.lines = {evil, std::string(5000, 'y'), evil};
  made.recipients.front().reply = reply;
  made.recipients.front().cause = evil;
  made.original_header = "Subject: " + evil;
  for (const auto action :
       {ReportAction::failed, ReportAction::delayed, ReportAction::delivered, ReportAction::relayed}) {
    made.action = action;
    const auto report = read_report(write_report(made));
    CHECK(get(report.header, "Bcc") == "");
    CHECK(report.parts.size() == 3);
    CHECK(groups_of(report.parts[1]).size() == 2);
  }
}

TEST_CASE("mail: a boundary is none that stands in a part") {
  auto made = facts();
  made.original_header = "X: =_R1abcgwofficeexample.0\r\nY: --=_R1abcgwofficeexample.1\r\n";
  const auto report = read_report(write_report(made));
  CHECK(get(report.header, "Content-Type").ends_with("boundary=\"=_R1abcgwofficeexample.2\""));
}

TEST_CASE("mail: a Message-ID that is none begins no thread") {
  for (const auto* id : {"<a b>", "a@b", "<>", "<a\xc3\xa9>", ""}) {
    auto made = facts();
    made.original_header = std::string("Message-ID: ") + id + "\r\n";
    const auto report = read_report(write_report(made));
    CHECK(get(report.header, "In-Reply-To") == "");
    CHECK(get(report.header, "References") == "");
  }
}

TEST_CASE("mail: a thousand recipients stand in the machine's part, fifty in the words") {
  auto made = facts();
  made.recipients.clear();
  for (int i = 0; i < 1000; ++i)
    made.recipients.push_back(refused("u" + std::to_string(i) + "@y.test", smtp::make_reply(550, "No")));
  const auto report = read_report(write_report(made));
  CHECK(groups_of(report.parts[1]).size() == 1001);
  CHECK(squeezed(report.parts[0].body).find("and 950 more") != std::string::npos);
  CHECK(report.parts[0].body.find("<u50@") == std::string::npos);
}

TEST_CASE("mail: a field of a header is found in any case, unfolded, and the first of several") {
  struct Case {
    std::string header;
    std::string name;
    std::string value;
  };
  const std::vector<Case> cases{
      {std::string(kHeader), "subject", "Minutes of Monday"},
      {std::string(kHeader), "Received", "from x\tby y; today"},
      {std::string(kHeader), "Sub", ""},
      {"SUBJECT :  a  \r\nSubject: b\r\n", "Subject", "a"},
      {"X: y\r\n Subject: no\r\n", "Subject", ""},
      {"Subject: a", "Subject", "a"},
      {"Subject:\r\n\tb\r\n", "Subject", "b"},
      {"Subject", "Subject", ""},
      {"", "Subject", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.header, c.name);
    CHECK(header_field(c.header, c.name) == c.value);
  }
}

}  // namespace
}  // namespace homeward::mail
