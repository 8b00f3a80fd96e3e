// What sendmail makes of a message. RFC 5322 §2.2, §3.6; RFC 6409 §8.
#include "proxy/app/sendmail_message.hpp"

#include "proxy/base/text.hpp"
#include "tests/support/catch.hpp"

namespace homeward::app {
namespace {

using LoneDot = MessageReader::LoneDot;

/// `input` in blocks of `size` octets.
std::string read(std::string_view input, LoneDot lone_dot, std::size_t size) {
  MessageReader reader(lone_dot, 1000);
  for (; !input.empty(); input.remove_prefix(std::min(size, input.size())))
    if (!reader.feed(input.substr(0, size))) break;
  return reader.take();
}

SentMessage cut(std::string text) {
  auto message = cut_message(std::move(text));
  REQUIRE(message);
  return std::move(*message);
}

std::string names(const SentMessage& message) {
  std::vector<std::string> all;
  for (const auto& field : message.header) all.push_back(field.name);
  return text::join(all, " ");
}

std::string joined(const std::vector<smtp::ForwardPath>& paths) {
  std::vector<std::string> all;
  for (const auto& path : paths) all.push_back(path.to_string());
  return text::join(all, " ");
}

TEST_CASE("sendmail: every line end becomes CR LF, whatever the blocks") {
  struct Case {
    std::string_view input;
    std::string_view ends;
    std::string_view content;
  };
  const auto c =
      GENERATE(Case{"a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n"}, Case{"a\r\nb", "a\r\nb\r\n", "a\r\nb\r\n"},
               Case{"a\n.\nb\n", "a\r\n", "a\r\n.\r\nb\r\n"}, Case{"a\r\n.\r\nb", "a\r\n", "a\r\n.\r\nb\r\n"},
               Case{"a\n.", "a\r\n", "a\r\n.\r\n"}, Case{".b\n..\n", ".b\r\n..\r\n", ".b\r\n..\r\n"},
               Case{"a\rb\n", "a\rb\r\n", "a\rb\r\n"}, Case{"", "", ""}, Case{"\n", "\r\n", "\r\n"});
  const auto size = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{1000});
  CAPTURE(c.input, size);
  CHECK(read(c.input, LoneDot::ends, size) == c.ends);
  CHECK(read(c.input, LoneDot::content, size) == c.content);
}

TEST_CASE("sendmail: a message has a limit") {
  MessageReader reader(LoneDot::content, 100);
  CHECK(reader.feed(std::string(90, 'x')));
  CHECK_FALSE(reader.is_too_large());
  CHECK_FALSE(reader.feed(std::string(20, 'x')));
  CHECK(reader.is_too_large());
}

TEST_CASE("sendmail: a header is cut into its fields") {
  const auto message = cut(
      "From ann Mon Jan  1\r\nTo: a@x.example,\r\n b@x.example\r\nSubject : x\r\n\r\nbody\r\n\r\nmore\r\n");
  CHECK(names(message) == "To Subject");
  CHECK(message.header[0].value() == " a@x.example,\r\n b@x.example\r\n");
  CHECK(message.body == "body\r\n\r\nmore\r\n");
  CHECK(message.has("SUBJECT"));
  CHECK_FALSE(message.has("From"));
}

TEST_CASE("sendmail: what is no field begins the body") {
  struct Case {
    std::string_view text;
    std::string_view header;
    std::string_view body;
  };
  const auto c = GENERATE(Case{"hello\r\n", "", "hello\r\n"},
                          Case{"Subject: x\r\nhello there\r\n", "Subject", "hello there\r\n"},
                          Case{" folded: no\r\n", "", " folded: no\r\n"}, Case{": x\r\n", "", ": x\r\n"},
                          Case{"\r\nSubject: x\r\n", "", "Subject: x\r\n"}, Case{"", "", ""},
                          Case{"Subject: x\r\n", "Subject", ""}, Case{"a b: x\r\n", "", "a b: x\r\n"},
                          Case{"Subject: x\r\nFrom here\r\n", "Subject", "From here\r\n"});
  CAPTURE(c.text);
  const auto message = cut(std::string(c.text));
  CHECK(names(message) == c.header);
  CHECK(message.body == c.body);
}

TEST_CASE("sendmail: an endless header is refused") {
  std::string text;
  while (text.size() <= kMaxHeader + 10) text += "X: y\r\n";
  CHECK_FALSE(cut_message(text));
}

TEST_CASE("sendmail: -t takes To, Cc and Bcc, each once, and takes Bcc out") {
  auto message =
      cut("To: Ann <ann@x.example>, root\r\nBcc: hidden@x.example,\r\n more@x.example\r\nSubject: x\r\n"
          "CC: (nobody) Team: bob@x.example, ANN@x.example;\r\nbcc: last@x.example\r\n\r\n");
  const auto paths = take_recipients(message);
  REQUIRE(paths);
  CHECK(joined(*paths) ==
        "<ann@x.example> <root> <hidden@x.example> <more@x.example> <bob@x.example> <last@x.example>");
  CHECK(names(message) == "To Subject CC");
}

TEST_CASE("sendmail: -t of a resent message takes its Resent fields alone") {
  auto message =
      cut("Resent-To: new@x.example\r\nResent-Bcc: secret@x.example\r\nTo: old@x.example\r\nBcc: "
          "b@x.example\r\n\r\n");
  const auto paths = take_recipients(message);
  REQUIRE(paths);
  CHECK(joined(*paths) == "<new@x.example> <secret@x.example>");
  CHECK(names(message) == "Resent-To To");
}

TEST_CASE("sendmail: -t names the field that can't be read") {
  auto message = cut("To: ann@x.example\r\nCc: \"Ann <ann@x.example>\r\n\r\n");
  const auto paths = take_recipients(message);
  REQUIRE_FALSE(paths);
  CHECK(paths.error() == "the field Cc has a quote that is never closed");
}

TEST_CASE("sendmail: what is missing is added, what is there stays") {
  const Missing missing{"Ann <ann@x.example>", "Sun, 01 Mar 2026 12:00:00 +0100", "<id@x.example>"};
  auto bare = cut("Subject: x\r\n\r\n");
  complete(bare, missing);
  CHECK(names(bare) == "From Date Message-ID Subject");
  CHECK(bare.header[0].raw == "From: Ann <ann@x.example>\r\n");
  auto whole = cut("from: b@x.example\r\nDATE: today\r\nMessage-Id: <x>\r\n\r\n");
  complete(whole, missing);
  CHECK(names(whole) == "from DATE Message-Id");
}

}  // namespace
}  // namespace homeward::app
