// The spool as its users see it: what was stored is there again, whole, also after a restart.
#include "proxy/spool/spool.hpp"

#include <set>

#include "tests/unit/spool/fixture.hpp"

namespace {

using namespace std::chrono_literals;
using homeward::Result;
namespace fs = std::filesystem;
namespace net = homeward::net;
namespace smtp = homeward::smtp;
namespace spool = homeward::spool;
using homeward::test::content_of;
using homeward::test::entry_of;
using homeward::test::recipient;
using homeward::test::Running;
using homeward::test::ScratchFolder;
using spool::State;
using Status = spool::Recipient::Status;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

/// Every field differs from its default.
spool::Entry full_entry() {
  auto entry = entry_of("abc");
  entry.about = "xyz";
  entry.origin.client_name = "printer [\x01\t\n]";
  entry.origin.listener = "lan";
  entry.origin.esmtp = true;
  entry.origin.user = "Grüße\t";
  entry.origin.local_user = homeward::mail::LocalUser{1001, "bob"};
  entry.parameters.size = 12345;
  entry.parameters.body = smtp::BodyType::eight_bit_mime;
  entry.parameters.auth_given = true;
  entry.parameters.ret = smtp::ReturnContent::headers;
  entry.parameters.envelope_id = "QQ+2B314159";
  entry.recipients = {recipient("bob@y.example"), recipient("\"a b\"@z.example", Status::refused)};
  entry.recipients[0].to.parameters.notify = smtp::Notify{.success = true, .failure = false, .delay = true};
  entry.recipients[0].to.parameters.original_recipient = "rfc822;b+2Bob@y.example";
  entry.recipients[1].to.parameters.notify = smtp::Notify{};
  entry.recipients[1].last =
      smtp::Reply{550, homeward::EnhancedCode{5, 1, 1}, {"no\tsuch\\user", "", "line\n3"}};
  entry.recipients[1].reported = true;
  spool::Recipient unqualified;
  unqualified.to.path.unqualified = "postmaster";
  unqualified.status = Status::delivered;
  unqualified.last = smtp::Reply{250, std::nullopt, {"ok"}};
  entry.recipients.push_back(unqualified);
  entry.received = {std::chrono::system_clock::time_point{1'700'000'000'123ms}, 4567ms};
  entry.next = 8901ms;
  entry.attempts = 7;
  entry.last_attempt = {std::chrono::system_clock::time_point{1'700'000'001'000ms}, 5000ms};
  entry.last_word = "greylisted: \xc3\xa4 \xff";
  entry.possible_copy = true;
  entry.delay_told = true;
  entry.held_by_person = true;
  return entry;
}

void check_same(const spool::Entry& a, const spool::Entry& b) {
  CHECK(a.id == b.id);
  CHECK(a.kind == b.kind);
  CHECK(a.about == b.about);
  CHECK(a.account == b.account);
  CHECK(to_string(a.state) == to_string(b.state));
  CHECK(a.origin.client == b.origin.client);
  CHECK(a.origin.client_name == b.origin.client_name);
  CHECK(a.origin.listener == b.origin.listener);
  CHECK(a.origin.esmtp == b.origin.esmtp);
  CHECK(a.origin.user == b.origin.user);
  CHECK(a.origin.local_user == b.origin.local_user);
  CHECK(a.from == b.from);
  CHECK(a.parameters == b.parameters);
  REQUIRE(a.recipients.size() == b.recipients.size());
  for (std::size_t i = 0; i < a.recipients.size(); ++i) {
    CHECK(a.recipients[i].to == b.recipients[i].to);
    CHECK(a.recipients[i].status == b.recipients[i].status);
    CHECK(a.recipients[i].reported == b.recipients[i].reported);
    REQUIRE(a.recipients[i].last.has_value() == b.recipients[i].last.has_value());
    if (!a.recipients[i].last) continue;
    CHECK(a.recipients[i].last->code == b.recipients[i].last->code);
    CHECK(a.recipients[i].last->enhanced == b.recipients[i].last->enhanced);
    CHECK(a.recipients[i].last->lines == b.recipients[i].last->lines);
  }
  CHECK(a.octets == b.octets);
  CHECK(a.received.wall == b.received.wall);
  CHECK(a.received.witnessed == b.received.witnessed);
  CHECK(a.next == b.next);
  CHECK(a.attempts == b.attempts);
  REQUIRE(a.last_attempt.has_value() == b.last_attempt.has_value());
  if (a.last_attempt) CHECK(a.last_attempt->witnessed == b.last_attempt->witnessed);
  CHECK(a.last_word == b.last_word);
  CHECK(a.possible_copy == b.possible_copy);
  CHECK(a.delay_told == b.delay_told);
  CHECK(a.held_by_person == b.held_by_person);
}

}  // namespace

TEST_CASE("spool: an entry is read as it was stored, at once and after a restart", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path() / "a" / "b");
  running.open();
  auto entry = full_entry();
  REQUIRE(running.store(entry, "Subject: x\r\n\r\n"));
  entry.octets = 14;
  check_same(running.must(running->load("abc")), entry);
  running.reopen();
  check_same(running.must(running->load("abc")), entry);
  CHECK(running.content("abc") == "Subject: x\r\n\r\n");
  CHECK(running.must(running->summaries()).size() == 1);
  CHECK(running.must(running->list({})).size() == 1);
}

TEST_CASE("spool: contents of every size come back octet by octet, also after a restart", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  // Inside; the last inside; a file from memory; the last in memory; drafts that became files.
  const std::size_t sizes[] = {0, 1, 5000, 65'536, 65'537, 1U << 20U, (1U << 20U) + 1, 3'000'000};
  unsigned n = 0;
  for (const auto size : sizes) {
    ++n;
    REQUIRE(running.store(entry_of("m" + std::to_string(n)), content_of(size, n)));
  }
  CHECK(names_in(folder.path() / "content") == std::set<std::string>{"m5", "m6", "m7", "m8"});
  for (int round = 0; round < 2; ++round) {
    n = 0;
    for (const auto size : sizes) {
      CAPTURE(size, round);
      ++n;
      CHECK(running.content("m" + std::to_string(n)) == content_of(size, n));
    }
    CHECK(running.facts().waiting == 8);
    running.reopen();
  }
}

TEST_CASE("spool: what is done is gone, its content at once and its trace later", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("small", State::sending), "x"));
  REQUIRE(running.store(entry_of("large", State::sending), content_of(100'000)));
  running->note({"large", running.clock.wall(), "message.spooled", "as no server answered"});
  for (const auto* id : {"small", "large"}) {
    const auto done = running.must(
        running->apply(id, spool::Settled{{recipient("bob@y.example", Status::delivered)}, 0ms, "ok"}));
    CHECK(done.state == State::done);
    const auto gone = running.await(running->load(id));
    REQUIRE_FALSE(gone);
    CHECK(gone.error().reply.code == 550);
    CHECK(gone.error().reply.enhanced == homeward::EnhancedCode{5, 1, 0});
  }
  running.reopen();
  CHECK(names_in(folder.path() / "content").empty());
  CHECK(running.must(running->summaries()).empty());
  const auto trace = running.must(running->trace("large"));
  REQUIRE(trace.size() == 1);
  CHECK(trace[0].event == "message.spooled");
  CHECK(trace[0].text == "as no server answered");
  CHECK(running.must(running->ids("la")) == std::vector<std::string>{"large"});
}

TEST_CASE("spool: a restart drops what is pending and doubts what was being sent", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("pending", State::pending), content_of(100'000)));
  REQUIRE(running.store(entry_of("sending", State::sending), "x"));
  REQUIRE(running.store(entry_of("queued"), "x"));
  running.close();
  running.clock.pass(1h);
  running.open();
  CHECK_FALSE(running.await(running->load("pending")));
  CHECK(names_in(folder.path() / "content").empty());
  const auto sending = running.must(running->load("sending"));
  CHECK(sending.state == State::reply_unknown);
  CHECK(sending.possible_copy);
  CHECK(sending.next == running->now().witnessed + 30min);
  CHECK(running->now().witnessed == 1h);
  CHECK(running.must(running->load("queued")).state == State::queued);
  CHECK(running.must(running->trace("sending")).size() == 1);
  CHECK(running.must(running->trace("pending")).size() == 1);
}

TEST_CASE("spool: a report is stored with the event that makes it, or neither is", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("a"), "x"));
  auto report = entry_of("r");
  report.kind = spool::Kind::failure_report;
  report.about = "a";
  report.from.mailbox.reset();
  auto failed = running.must(
      running->apply("a", spool::Failed{true, "expired"}, spool::Report{report, content_of(70'000)}));
  CHECK(failed.state == State::done);
  const auto stored = running.must(running->load("r"));
  CHECK(stored.from.is_null());
  CHECK(stored.about == "a");
  CHECK(stored.octets == 70'000);
  CHECK(running.content("r") == content_of(70'000));

  REQUIRE(running.store(entry_of("b"), "x"));
  report.state = State::done;  // can't begin so
  CHECK_FALSE(running.await(running->apply("b", spool::Failed{true, "expired"}, spool::Report{report, "y"})));
  CHECK(running.must(running->load("b")).state == State::queued);
}

TEST_CASE("spool: what can't be stored is refused, and leaves nothing", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("taken"), content_of(70'000)));
  auto nobody = entry_of("nobody");
  nobody.recipients.clear();
  const std::pair<spool::Entry, const char*> cases[] = {
      {entry_of("taken"), "message taken is there already"},
      {entry_of("../x"), "a message without a proper id can't be stored"},
      {entry_of(""), "a message without a proper id can't be stored"},
      {entry_of("x", State::failed), "message x can't begin as failed"},
      {entry_of("x", State::done), "message x can't begin as done"},
      {nobody, "message nobody has no recipients"},
  };
  for (const auto& [entry, words] : cases) {
    for (const std::size_t size : {10U, 70'000U}) {
      CAPTURE(entry.id, size);
      const auto stored = running.store(entry, content_of(size, 2));
      REQUIRE_FALSE(stored);
      CHECK(stored.error().reply.code == 451);
      CHECK(stored.error().reply.text == words);
    }
  }
  CHECK(names_in(folder.path() / "content") == std::set<std::string>{"taken"});
  CHECK(running.content("taken") == content_of(70'000));
  CHECK(running.must(running->summaries()).size() == 1);
}

TEST_CASE("spool: a draft that is dropped leaves nothing", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  {
    auto draft = running->draft();
    running.must(draft.append(content_of(2'000'000)));
    CHECK(draft.size() == 2'000'000);
  }
  CHECK(names_in(folder.path() / "content").empty());
}

TEST_CASE("spool: an event that the state refuses changes nothing", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("a", State::sending), "x"));
  const auto held = running.await(running->apply("a", spool::Held{"by a person"}));
  REQUIRE_FALSE(held);
  CHECK(held.error().reply.code == 451);
  CHECK(running.must(running->load("a")).state == State::sending);
  const auto unknown = running.await(running->apply("nobody", spool::Unheld{}));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().reply.text == "no such message: nobody");
}

TEST_CASE("spool: lists and prefixes go by id, page on, and hold a state and an account", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  for (const auto* id : {"b1", "a2", "a1", "c1"}) REQUIRE(running.store(entry_of(id), "x"));
  running.must(running->apply("a2", spool::Held{"by a person"}));
  running.must(running->apply("c1", spool::Rerouted{"work"}));
  const auto ids = [&](spool::ListQuery query) {
    std::string found;
    for (const auto& entry : running.must(running->list(std::move(query)))) found += entry.id + " ";
    return found;
  };
  CHECK(ids({}) == "a1 a2 b1 c1 ");
  CHECK(ids({.state = State::held}) == "a2 ");
  CHECK(ids({.account = "work"}) == "c1 ");
  CHECK(ids({.after = "a1", .limit = 2}) == "a2 b1 ");
  CHECK(ids({.after = "a0gone", .limit = 1}) == "a1 ");
  CHECK(running.must(running->ids("a")) == std::vector<std::string>{"a1", "a2"});
  CHECK(running.must(running->ids("")).size() == 4);
  const auto facts = running.facts();
  CHECK(facts.waiting == 3);
  CHECK(facts.held == 1);
  CHECK(facts.octets == 4);
  CHECK(facts.troubles.empty());
}

TEST_CASE("spool: settings outlive a restart, and an empty value removes one", "[spool]") {
  const ScratchFolder folder;
  Running running(folder.path());
  running.open();
  running.must(running->remember("paused/home", "1"));
  running.must(running->remember("paused/work", "1"));
  running.must(running->remember("paused/work", ""));
  running.must(running->remember("paused/home", "2"));
  running.reopen();
  const auto all = running.must(running->remembered());
  REQUIRE(all.size() == 1);
  CHECK(all[0] == std::pair<std::string, std::string>("paused/home", "2"));
}
