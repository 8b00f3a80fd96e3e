// What inih would cut, drop or join in silence is told; all else comes through to the byte.
#include "conf/ini_reader.hpp"

#include "tests/support/catch.hpp"

namespace homeward::conf {
namespace {

// The one value of "[s]\nk = …".
std::string value_of(const std::string& written) {
  const auto file = read_ini("[s]\nk =" + written + "\n");
  if (!file.faults.empty()) FAIL(file.faults.front().finding);
  return file.sections.at(0).entries.at(0).value;
}

std::string fault_of(const std::string& line) {
  const auto file = read_ini("[s]\n" + line + "\n");
  REQUIRE(file.faults.size() == 1);
  CHECK(file.faults[0].line == 2);
  CHECK(file.sections.at(0).entries.empty());
  return file.faults[0].finding;
}

TEST_CASE("conf: sections and entries come with their lines") {
  const auto file = read_ini("; comment\n\n[one]\na = 1\n# comment\nb: 2\n[two  words]\n\n[three]\na=3");
  REQUIRE(file.faults.empty());
  REQUIRE(file.sections.size() == 3);
  CHECK(file.sections[0].name == "one");
  CHECK(file.sections[0].line == 3);
  REQUIRE(file.sections[0].entries.size() == 2);
  CHECK(file.sections[0].entries[0].name == "a");
  CHECK(file.sections[0].entries[0].value == "1");
  CHECK(file.sections[0].entries[0].line == 4);
  CHECK(file.sections[0].entries[1].line == 6);
  CHECK(file.sections[1].name == "two words");
  CHECK(file.sections[1].line == 7);
  CHECK(file.sections[1].entries.empty());
  CHECK(file.sections[2].entries.at(0).line == 10);
}

TEST_CASE("conf: a byte order mark and CRLF line ends are no part of the text") {
  const auto file = read_ini("\xEF\xBB\xBF[s]\r\na = 1\r\nb = \"2 \"\r\n");
  REQUIRE(file.faults.empty());
  REQUIRE(file.sections.at(0).entries.size() == 2);
  CHECK(file.sections[0].entries[0].value == "1");
  CHECK(file.sections[0].entries[1].value == "2 ");
}

TEST_CASE("conf: a value is what was written, without blanks around it") {
  struct Case {
    std::string written;
    std::string value;
  };
  const auto c = GENERATE(values<Case>({
      {" a", "a"},
      {"\t a b \t", "a b"},
      {"a;b", "a;b"},
      {";b", ";b"},
      {" a#b # c", "a#b # c"},
      {" a=b:c", "a=b:c"},
      {" a\"b", "a\"b"},
      {" a\\nb", "a\\nb"},
      {" 'a'", "'a'"},
      {" \"a\"", "a"},
      {"\"a\"", "a"},
      {" \"\"", ""},
      {" \" a \"", " a "},
      {" \"a ; b\"", "a ; b"},
      {" \"a\t; b;c ;\"", "a\t; b;c ;"},
      {" \" ;;\"", " ;;"},
      {" \";\"", ";"},
      {" \"\\\"\"", "\""},
      {" \"\\\\\"", "\\"},
      {" \"\\\\ ; \\\" ;\"", "\\ ; \" ;"},
      {" \"a # b\"", "a # b"},
      {" \"[x]=:\"", "[x]=:"},
      {" \"a\" ; comment \"x\"", "a"},
      {" \"a\"; comment", "a"},
      {" \"a\"   ", "a"},
      {" \"a\" # comment", "a"},
      {" p\xC3\xA4ss", "p\xC3\xA4ss"},
      {" \xFF\xFE", "\xFF\xFE"},
  }));
  CAPTURE(c.written);
  REQUIRE(value_of(c.written) == c.value);
}

TEST_CASE("conf: a comment that ends an unquoted value is noted") {
  const auto file = read_ini("[s]\na = b ; c\nd = e;f\ng = \"h ; i\"\nj = \"k\" ; l\nm = ;n\n");
  REQUIRE(file.faults.empty());
  const auto& entries = file.sections.at(0).entries;
  REQUIRE(entries.size() == 5);
  CHECK(entries[0].value == "b");
  CHECK(entries[0].comment_cut);
  CHECK_FALSE(entries[1].comment_cut);
  CHECK_FALSE(entries[2].comment_cut);
  CHECK_FALSE(entries[3].comment_cut);
  CHECK(entries[4].value.empty());
  CHECK(entries[4].comment_cut);
}

TEST_CASE("conf: a faulty line is told and not taken") {
  struct Case {
    std::string line;
    std::string finding;
  };
  const auto c = GENERATE(values<Case>({
      {"nonsense", "is neither a [section] nor key = value"},
      {"= value", "is neither a [section] nor key = value"},
      {"key ; = value", "is neither a [section] nor key = value"},
      {" k = indented", "is indented, which would make it part of the line above"},
      {"\tindented", "is indented, which would make it part of the line above"},
      {"k = \"open", "has a quote that is not closed"},
      {"k = \"open\\\"", "has a quote that is not closed"},
      {"k = \"", "has a quote that is not closed"},
      {"k = \"a\" b", "has text behind the closing quote"},
      {"k = \"a\"\"b\"", "has text behind the closing quote"},
      {"k = \"a\\n\"", "has a backslash inside quotes that is followed by neither \" nor \\"},
      {"k = \"a\\", "has a backslash inside quotes that is followed by neither \" nor \\"},
      {std::string("k = a\0b", 7), "holds a control character (byte 0x00)"},
      {"k = a\rb", "holds a control character (byte 0x0d)"},
      {"k = a\x7f", "holds a control character (byte 0x7f)"},
      {std::string("; a\0b", 5), "holds a control character (byte 0x00)"},
  }));
  CAPTURE(c.line);
  REQUIRE(fault_of(c.line) == c.finding);
}

TEST_CASE("conf: a faulty heading keeps the lines below from the section above") {
  const auto heading = GENERATE(as<std::string>(), "[open", "[a ; b]", "[]", "[ ]", "[a] b = c",
                                "[" + std::string(50, 'a') + "]");
  CAPTURE(heading);
  const auto file = read_ini("[s]\n" + heading + "\nk = v\n");
  REQUIRE(file.faults.size() == 1);
  CHECK(file.faults[0].line == 2);
  REQUIRE(file.sections.size() == 2);
  CHECK(file.sections[0].entries.empty());
  CHECK(file.sections[1].name.empty());
}

TEST_CASE("conf: a heading may be followed by a comment, and be 49 characters long") {
  CHECK(read_ini("[s] ; comment\n").faults.empty());
  CHECK(read_ini("[s]# comment\n").faults.empty());
  const auto name = std::string(49, 'a');
  CHECK(read_ini("[" + name + "]\nk = v\n").sections.at(0).name == name);
}

TEST_CASE("conf: entries before any section are told once") {
  const auto file = read_ini("a = 1\nb = 2\n[s]\n");
  REQUIRE(file.faults.size() == 1);
  CHECK(file.faults[0].line == 1);
  CHECK(file.sections.at(0).entries.empty());
}

// Debian's inih has a buffer of 200 bytes with the terminator; the reader asks inih and doesn't assume.
TEST_CASE("conf: a line is taken whole up to inih's buffer and refused beyond it") {
  const std::string head = "[s]\nkey = ";
  for (const std::size_t length : {190U, 198U, 199U, 200U, 201U, 400U, 5000U}) {
    CAPTURE(length);
    const std::string value(length - 6, 'x');
    const auto file = read_ini(head + value + "\nnext = 1\n");
    const auto& entries = file.sections.at(0).entries;
    if (file.faults.empty()) {
      REQUIRE(length < 200);
      REQUIRE(entries.size() == 2);
      CHECK(entries[0].value == value);
    } else {
      REQUIRE(length > 199);
      REQUIRE(entries.size() == 1);
      CHECK(file.faults[0].finding == "is longer than 199 bytes");
      CHECK(file.faults[0].line == 2);
    }
    CHECK(entries.back().name == "next");
    CHECK(entries.back().line == 3);
  }
}

TEST_CASE("conf: a quoted value that its escapes make too long is refused, not cut") {
  std::string semicolons;
  for (int i = 0; i < 90; ++i) semicolons += " ;";
  const auto file = read_ini("[s]\nk = \"" + semicolons + "\"\n");
  REQUIRE(file.faults.size() == 1);
  CHECK(file.faults[0].finding == "is longer than 199 bytes");
  CHECK(file.sections.at(0).entries.empty());
}

TEST_CASE("conf: a comment may be as long as it likes") {
  CHECK(read_ini("; " + std::string(5000, 'x') + "\n[s]\n").faults.empty());
}

TEST_CASE("conf: faults never hold what stood in the line") {
  const auto file =
      read_ini("[s]\npassword = \"hunter2\npassword hunter2\npassword = \"x\" hunter2\n hunter2\n");
  REQUIRE(file.faults.size() == 4);
  for (const auto& fault : file.faults) {
    CHECK(fault.finding.find("hunter2") == std::string::npos);
    CHECK(fault.cure.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("conf: wiped values are gone") {
  auto file = read_ini("[s]\npassword = hunter2\n");
  wipe_values(file);
  REQUIRE(file.sections.at(0).entries.at(0).value.empty());
}

TEST_CASE("conf: an empty file has nothing") {
  for (const auto* text : {"", "\n", "\r\n\r\n", "\xEF\xBB\xBF", ";"}) {
    const auto file = read_ini(text);
    CHECK(file.sections.empty());
    CHECK(file.faults.empty());
  }
}

}  // namespace
}  // namespace homeward::conf
