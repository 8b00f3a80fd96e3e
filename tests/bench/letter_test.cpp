// What measures must itself be right: the content that bench_load writes, read as bench_upstream reads it.
#include "tests/bench/letter.hpp"

#include <string>
#include <string_view>

#include "tests/bench/upstream/dot_reader.hpp"
#include "tests/support/catch.hpp"

namespace {

using bench::Checker;

/// Reads the wire form in two blocks, the rest of one given again as the session does.
Checker::Verdict read_cut(std::string_view wire, std::size_t cut) {
  Checker checker;
  bench::DotReader reader;
  const auto first = reader.take(wire.substr(0, cut), checker);
  if (first.ended) return checker.finish();
  CHECK(first.octets + 2 >= cut);  // no more than a dot and what may follow it is kept back
  const auto second = reader.take(wire.substr(first.octets), checker);
  CHECK(second.ended);
  CHECK(first.octets + second.octets == wire.size());
  return checker.finish();
}

/// The content without stuffing and last dot.
std::string content_of(std::string wire) {
  wire.resize(wire.size() - 3);
  for (std::size_t at = 0; (at = wire.find("\r\n.", at)) != std::string::npos; at += 3) wire.erase(at + 2, 1);
  return wire;
}

}  // namespace

TEST_CASE("bench: a message is whole wherever its octets are cut") {
  const auto letter = bench::make_letter("r1.2.3", 8000);
  REQUIRE(letter.wire.find("\r\n..") != std::string::npos);  // else stuffing is not looked at
  for (std::size_t cut = 0; cut <= letter.wire.size(); ++cut) {
    const auto verdict = read_cut(letter.wire, cut);
    if (verdict.state != Checker::State::whole || verdict.id != "r1.2.3") {
      FAIL("cut at " << cut << " of " << letter.wire.size());
    }
  }
}

TEST_CASE("bench: a message is whole behind fields of a proxy, in blocks of any size") {
  const auto content =
      "Received: from somewhere\r\n\tby elsewhere\r\n" + content_of(bench::make_letter("a", 3000).wire);
  for (const std::size_t block : {1U, 2U, 7U, 100U, 5000U}) {
    Checker checker;
    for (std::size_t at = 0; at < content.size(); at += block)
      checker.feed(std::string_view(content).substr(at, block));
    CHECK(checker.finish().state == Checker::State::whole);
  }
}

TEST_CASE("bench: what was changed, cut, doubled or is foreign is told") {
  const auto content = content_of(bench::make_letter("a", 3000).wire);
  auto changed = content;
  changed[2000] = changed[2000] == 'a' ? 'b' : 'a';
  const struct {
    const char* what;
    std::string content;
    Checker::State state;
  } cases[] = {{"one octet changed", changed, Checker::State::altered},
               {"a line missing", content.substr(0, content.size() - 78), Checker::State::altered},
               {"a dot too many", content + ".\r\n", Checker::State::altered},
               {"no mark", content.substr(1), Checker::State::unmarked},
               {"nothing", "", Checker::State::unmarked}};
  for (const auto& one : cases) {
    INFO(one.what);
    Checker checker;
    checker.feed(one.content);
    CHECK(checker.finish().state == one.state);
  }
}

TEST_CASE("bench: each message has its own content and a recipient that tells its id") {
  CHECK(content_of(bench::make_letter("a", 3000).wire).substr(600) !=
        content_of(bench::make_letter("b", 3000).wire).substr(600));
  CHECK(bench::id_in(bench::recipient_of("r1.2.3")) == "r1.2.3");
  CHECK(bench::id_in("bob@provider.test").empty());
}
