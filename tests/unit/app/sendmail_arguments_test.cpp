// The classic command line of sendmail.
#include "proxy/app/sendmail_arguments.hpp"

#include "tests/support/catch.hpp"

namespace homeward::app {
namespace {

using Arguments = std::vector<std::string>;

SendmailArguments parsed(const Arguments& arguments, const std::string& name = "sendmail") {
  auto result = parse_sendmail(name, arguments);
  INFO((result ? std::string{} : result.error()));
  REQUIRE(result);
  return *result;
}

TEST_CASE("sendmail: letters may be joined, values joined or apart") {
  const auto given = GENERATE(
      Arguments{"-t", "-i", "-f", "ann@x.example", "bob"}, Arguments{"-ti", "-fann@x.example", "bob"},
      Arguments{"-tif", "ann@x.example", "bob"}, Arguments{"-t", "-oi", "-rann@x.example", "--", "bob"},
      Arguments{"-ot", "-o", "i", "-r", "ann@x.example", "bob"});
  const auto arguments = parsed(given);
  CHECK(arguments.recipients_from_header);
  CHECK(arguments.dot_is_content);
  CHECK(arguments.sender == "ann@x.example");
  CHECK(arguments.recipients == Arguments{"bob"});
  CHECK(arguments.mode == SendmailMode::deliver);
}

TEST_CASE("sendmail: how it is called, and -b, choose the mode") {
  struct Case {
    std::string name;
    Arguments given;
    SendmailMode mode;
  };
  const auto c = GENERATE(
      Case{"sendmail", {}, SendmailMode::deliver}, Case{"sendmail", {"-bm"}, SendmailMode::deliver},
      Case{"sendmail", {"-bs"}, SendmailMode::smtp}, Case{"sendmail", {"-bp"}, SendmailMode::queue},
      Case{"sendmail", {"-b", "p"}, SendmailMode::queue}, Case{"mailq", {}, SendmailMode::queue},
      Case{"mailq", {"-Ac"}, SendmailMode::queue}, Case{"newaliases", {}, SendmailMode::aliases},
      Case{"sendmail", {"-bi"}, SendmailMode::aliases}, Case{"sendmail", {"-q"}, SendmailMode::retry},
      Case{"sendmail", {"--help"}, SendmailMode::help});
  CAPTURE(c.name, c.given);
  CHECK(parsed(c.given, c.name).mode == c.mode);
}

TEST_CASE("sendmail: what means nothing here is taken all the same") {
  const auto arguments = parsed({"-odb", "-oem", "-oQ/x", "-m", "-n", "-G", "-U", "-B8BITMIME", "-h", "5",
                                 "-Ooption=x", "-Am", "-em", "-pSMTP", "-X/log", "-d0", "-L", "tag", "bob"});
  CHECK(arguments.recipients == Arguments{"bob"});
  CHECK_FALSE(arguments.recipients_from_header);
  CHECK_FALSE(arguments.dot_is_content);
}

TEST_CASE("sendmail: DSN options are values") {
  const auto arguments = parsed({"-N", "success,delay", "-R", "hdrs", "-Vabc+20d", "bob"});
  REQUIRE(arguments.notify);
  CHECK(*arguments.notify == smtp::Notify{true, false, true});
  CHECK(arguments.returns == smtp::ReturnContent::headers);
  CHECK(arguments.envelope_id == "abc+20d");
  CHECK(parsed({"-Nnever", "x"}).notify == smtp::Notify{});
}

TEST_CASE("sendmail: what can't be meant is said") {
  struct Case {
    Arguments given;
    std::string_view words;
  };
  const auto c = GENERATE(Case{{"-Y"}, "-Y"}, Case{{"-tZ"}, "-Z"}, Case{{"--dance"}, "--dance"},
                          Case{{"-f"}, "-f needs"}, Case{{"-bd"}, "homeward serve"}, Case{{"-bt"}, "-bt"},
                          Case{{"-Nalways"}, "-N"}, Case{{"-Rsome"}, "-R"}, Case{{"-V", "a b"}, "-V"},
                          Case{{"-q15m"}, "-q15m"}, Case{{"--config"}, "--config"});
  CAPTURE(c.given);
  const auto result = parse_sendmail("sendmail", c.given);
  REQUIRE_FALSE(result);
  CHECK(result.error().contains(c.words));
}

TEST_CASE("sendmail: an option behind a recipient is a recipient") {
  CHECK(parsed({"bob", "-t"}).recipients == Arguments{"bob", "-t"});
  CHECK(parsed({"--", "-t"}).recipients == Arguments{"-t"});
  CHECK(parsed({"--config=/x.ini", "-"}).recipients == Arguments{"-"});
}

}  // namespace
}  // namespace homeward::app
