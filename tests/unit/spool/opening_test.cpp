// Starts from what should not be: foreign, damaged and cut databases, rows and files without each other.
// Nothing is deleted; the rest goes on. safety.md 5.
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "tests/unit/spool/fixture.hpp"

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace spool = homeward::spool;
using homeward::test::content_of;
using homeward::test::entry_of;
using homeward::test::Running;
using homeward::test::ScratchFolder;
using spool::State;

void sql(const fs::path& file, const std::string& text) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  char* words = nullptr;
  const int code = sqlite3_exec(database, text.c_str(), nullptr, nullptr, &words);
  INFO((words == nullptr ? "" : words));
  CHECK(code == SQLITE_OK);
  sqlite3_free(words);
  sqlite3_close(database);
}

std::string number(const fs::path& file, const std::string& text) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  std::string answer;
  const auto keep = [](void* into, int /*columns*/, char** values, char** /*names*/) {
    *static_cast<std::string*>(into) += values[0] == nullptr ? "NULL" : values[0];
    return 0;
  };
  CHECK(sqlite3_exec(database, text.c_str(), keep, &answer, nullptr) == SQLITE_OK);
  sqlite3_close(database);
  return answer;
}

std::set<std::string> names_in(const fs::path& folder, const std::string& with) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.find(with) != std::string::npos) names.insert(name);
  }
  return names;
}

void overwrite(const fs::path& file, std::uint64_t from, std::uint64_t octets, char with) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(from));
  const std::string junk(octets, with);
  stream.write(junk.data(), static_cast<std::streamsize>(junk.size()));
  REQUIRE(stream.good());
}

}  // namespace

TEST_CASE("spool: a file that is no spool of ours is set aside untouched, and a new one begins", "[spool]") {
  struct Case {
    const char* what;
    void (*make)(const fs::path&);
    const char* words;
  };
  const Case cases[] = {
      {"text", [](const fs::path& file) { std::ofstream(file) << std::string(5000, 'x'); }, "not a database"},
      {"another program's",
       [](const fs::path& file) { sql(file, "CREATE TABLE mine(x); INSERT INTO mine VALUES(42);"); },
       "another program"},
      {"a later version's",
       [](const fs::path& file) {
         sql(file,
             "PRAGMA application_id=0x68777370; PRAGMA user_version=99; CREATE TABLE mine(x); "
             "INSERT INTO mine VALUES(42);");
       },
       "a later homeward made"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const ScratchFolder folder(ScratchFolder::On::quick);
    const auto file = folder.path() / "spool.sqlite";
    one.make(file);
    ::chmod(file.c_str(), 0600);
    std::ifstream stream(file, std::ios::binary);
    const std::string before((std::istreambuf_iterator<char>(stream)), {});
    fs::create_directory(folder.path() / "content");
    std::ofstream(folder.path() / "content" / "theirs") << "content of a message";

    Running running(folder.path());
    running.clock.wall_now = std::chrono::system_clock::time_point{1'700'000'000s};
    running.open();
    const auto facts = running.facts();
    REQUIRE(facts.troubles.size() == 1);
    CAPTURE(facts.troubles[0]);
    CHECK(facts.troubles[0].find(one.words) != std::string::npos);
    CHECK(facts.troubles[0].find("spool.sqlite.set-aside-20231114T221320Z") != std::string::npos);
    std::ifstream aside(folder.path() / "spool.sqlite.set-aside-20231114T221320Z", std::ios::binary);
    const std::string after((std::istreambuf_iterator<char>(aside)), {});
    CHECK(after == before);
    CHECK(fs::exists(folder.path() / "content.set-aside-20231114T221320Z" / "theirs"));
    REQUIRE(running.store(entry_of("new"), "x"));
    running.reopen();
    CHECK(running.facts().troubles.empty());
    CHECK(running.content("new") == "x");
  }
}

TEST_CASE("spool: beside a spool that was set aside no content is swept", "[spool]") {
  // As a start that was cut short between setting the old one aside and taking over what it knew.
  const ScratchFolder folder(ScratchFolder::On::quick);
  std::ofstream(folder.path() / "spool.sqlite.set-aside-20231114T221320Z") << "damaged";
  fs::create_directory(folder.path() / "content");
  std::ofstream(folder.path() / "content" / "theirs") << "content of a message";
  std::ofstream(folder.path() / "content" / ".draft-1") << "half a message";
  Running running(folder.path());
  running.open();
  CHECK(fs::exists(folder.path() / "content.set-aside-20231114T221320Z" / "theirs"));
  CHECK_FALSE(fs::exists(folder.path() / "content" / ".draft-1"));
}

TEST_CASE("spool: what can be read of a damaged database is taken over", "[spool]") {
  constexpr int kMessages = 200;
  struct Case {
    const char* what;
    void (*damage)(const fs::path&);
    int least;  ///< messages that must survive
  };
  const Case cases[] = {
      {"cut to two thirds",
       [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 3 * 2 / 4096 * 4096); }, 50},
      {"cut in a page",
       [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 4096 * 4096 - 2048); }, 150},
      {"a page of rows overwritten",
       [](const fs::path& file) {
         const auto page = std::stoull(number(
             file, "SELECT pageno FROM dbstat WHERE name='entry' AND pagetype='leaf' LIMIT 1 OFFSET 1"));
         overwrite(file, (page - 1) * 4096, 4096, 'z');
       },
       30},
      {"a page of contents overwritten",
       [](const fs::path& file) {
         const auto page = std::stoull(number(
             file, "SELECT pageno FROM dbstat WHERE name='content' AND pagetype='leaf' LIMIT 1 OFFSET 3"));
         overwrite(file, (page - 1) * 4096, 4096, 'z');
       },
       30},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const ScratchFolder folder(ScratchFolder::On::quick);
    Running running(folder.path());
    running.open();
    for (int i = 0; i < kMessages; ++i) {
      REQUIRE(running.store(entry_of("m" + std::to_string(i)), content_of(1'000, static_cast<unsigned>(i))));
    }
    running.must(running->remember("paused/home", "1"));
    running->note({"m1", running.clock.wall(), "message.spooled", "x"});
    running.close();
    one.damage(folder.path() / "spool.sqlite");
    running.open();
    const auto facts = running.facts();
    REQUIRE(facts.troubles.size() == 1);
    CAPTURE(facts.troubles[0]);
    CHECK(facts.troubles[0].find("the old spool was set aside as") != std::string::npos);
    CHECK(names_in(folder.path(), "spool.sqlite.set-aside-").size() >= 1);
    const auto rows = running.must(running->summaries());
    CHECK(rows.size() >= static_cast<std::size_t>(one.least));
    CHECK(rows.size() < kMessages);
    for (const auto& row : rows) {
      CHECK(running.content(row.id) ==
            content_of(1'000, static_cast<unsigned>(std::stoul(row.id.substr(1)))));
    }
    running.reopen();
    CHECK(running.facts().troubles.empty());
    CHECK(running.must(running->summaries()).size() == rows.size());
  }
}

/// As the first version of the format had it.
void make_first_version(const fs::path& file) {
  sql(file,
      "ALTER TABLE entry DROP COLUMN login; ALTER TABLE entry DROP COLUMN local_user; "
      "ALTER TABLE set_aside DROP COLUMN login; ALTER TABLE set_aside DROP COLUMN local_user; "
      "PRAGMA user_version=1;");
}

TEST_CASE("spool: one of the first version is brought up to date, and what waits in it is kept", "[spool]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  const auto file = folder.path() / "spool.sqlite";
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("old"), "content"));
  running.close();
  make_first_version(file);
  running.open();
  CHECK(running.facts().troubles.empty());
  CHECK(running.content("old") == "content");
  const auto old = running.must(running->load("old"));
  CHECK_FALSE(old.origin.user);
  CHECK_FALSE(old.origin.local_user);
  auto fresh = entry_of("new");
  fresh.origin.local_user = homeward::mail::LocalUser{1001, ""};
  REQUIRE(running.store(fresh, "x"));
  running.reopen();
  CHECK(running.must(running->load("new")).origin.local_user == fresh.origin.local_user);
  running.close();
  CHECK(number(file, "PRAGMA user_version") == "2");
}

TEST_CASE("spool: a damaged one of the first version is read as far as it can be", "[spool]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  const auto file = folder.path() / "spool.sqlite";
  Running running(folder.path());
  running.open();
  for (int i = 0; i < 200; ++i)
    REQUIRE(running.store(entry_of("m" + std::to_string(i)), content_of(1'000, static_cast<unsigned>(i))));
  running.close();
  make_first_version(file);
  fs::resize_file(file, fs::file_size(file) / 4096 * 4096 - 2048);
  running.open();
  CHECK(running.facts().troubles.size() == 1);
  CHECK(running.must(running->summaries()).size() >= 150);
}

TEST_CASE("spool: a row with a local user that can't be read is set aside, with who it was", "[spool]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  const auto file = folder.path() / "spool.sqlite";
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("bad"), "x"));
  REQUIRE(running.store(entry_of("good"), "x"));
  running.close();
  sql(file, "UPDATE entry SET local_user='no number', login='ann' WHERE id='bad'");
  running.open();
  CHECK(running.facts().set_aside == 1);
  CHECK(running.content("good") == "x");
  running.close();
  CHECK(number(file, "SELECT why||login||local_user FROM set_aside") ==
        "bad local user: no numberannno number");
}

TEST_CASE("spool: a damaged log costs no more than itself", "[spool]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  const ScratchFolder copy;
  {
    Running running(folder.path());
    running.open();
    REQUIRE(running.store(entry_of("before"), "x"));
    running.reopen();  // checkpointed
    REQUIRE(running.store(entry_of("logged"), "y"));
    fs::copy(folder.path(), copy.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  fs::remove(copy.path() / "spool.lock");
  const auto log = copy.path() / "spool.sqlite-wal";
  overwrite(log, 32, fs::file_size(log) - 32, 'z');
  Running running(copy.path());
  running.open();
  CHECK(running.content("before") == "x");
  CHECK_FALSE(running.await(running->load("logged")));
}

TEST_CASE("spool: rows that can't be read are set aside with the reason, the rest goes on", "[spool]") {
  struct Case {
    const char* what;
    const char* damage;  ///< of row "bad"
    const char* why;
  };
  const Case cases[] = {
      {"recipient", "UPDATE entry SET recipients='waiting' WHERE id='bad'", "cut recipient"},
      {"address", "UPDATE entry SET reverse_path='<a@b\r\nRCPT>' WHERE id='bad'", "bad reverse-path"},
      {"state", "UPDATE entry SET state='lost' WHERE id='bad'", "unknown state"},
      {"kind", "UPDATE entry SET kind='' WHERE id='bad'", "unknown kind"},
      {"client", "UPDATE entry SET client='here' WHERE id='bad'", "bad client address"},
      {"parameters", "UPDATE entry SET parameters='size=-1' WHERE id='bad'", "bad parameter"},
      {"nobody", "UPDATE entry SET recipients='' WHERE id='bad'", "no recipients"},
      {"id", "UPDATE entry SET id='../bad' WHERE id='bad'", "bad id"},
      {"twice", "UPDATE entry SET id='good' WHERE id='bad'", "its id is there twice"},
      {"content gone", "DELETE FROM content WHERE row=(SELECT row FROM entry WHERE id='bad')",
       "its content is missing"},
      {"content altered",
       "UPDATE content SET octets=x'6261642063306e74656e74' WHERE row=(SELECT row FROM entry WHERE id='bad')",
       ""},
      {"content cut", "UPDATE content SET octets=x'00' WHERE row=(SELECT row FROM entry WHERE id='bad')",
       "its content is cut"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const ScratchFolder folder(ScratchFolder::On::quick);
    Running running(folder.path());
    running.open();
    REQUIRE(running.store(entry_of("good"), "good content"));
    REQUIRE(running.store(entry_of("bad"), "bad content"));
    running.close();
    sql(folder.path() / "spool.sqlite", one.damage);
    running.open();
    CHECK(running.content("good") == "good content");
    if (*one.why == '\0') {  // seen when it is read, not at the start
      const auto content = running.await(running->content("bad"));
      REQUIRE_FALSE(content);
      CHECK(content.error().reply.code == 451);
      CHECK(content.error().reply.text == "the content of message bad is damaged");
      continue;
    }
    CHECK(running.must(running->summaries()).size() == 1);
    auto facts = running.facts();
    CHECK(facts.set_aside == 1);
    REQUIRE(facts.troubles.size() == 1);
    CHECK(facts.troubles[0].find(one.why) != std::string::npos);
    running.reopen();
    facts = running.facts();
    CHECK(facts.set_aside == 1);
    CHECK(facts.troubles.empty());
    running.close();
    const auto why = number(folder.path() / "spool.sqlite", "SELECT why FROM set_aside");
    CHECK(why.find(one.why) != std::string::npos);
    CHECK(number(folder.path() / "spool.sqlite", "SELECT count(*) FROM entry") == "1");
  }
}

TEST_CASE("spool: files without rows are swept, rows without their files are set aside", "[spool]") {
  struct Case {
    const char* what;
    void (*damage)(const fs::path& content);
  };
  const Case cases[] = {
      {"missing", [](const fs::path& content) { fs::remove(content / "bad"); }},
      {"cut", [](const fs::path& content) { fs::resize_file(content / "bad", 99'999); }},
      {"a link",
       [](const fs::path& content) {
         fs::rename(content / "bad", content.parent_path() / "elsewhere");
         fs::create_symlink("../elsewhere", content / "bad");
       }},
      {"two names",
       [](const fs::path& content) { fs::create_hard_link(content / "bad", content.parent_path() / "x"); }},
      {"a folder",
       [](const fs::path& content) {
         fs::remove(content / "bad");
         fs::create_directory(content / "bad");
       }},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const ScratchFolder folder(ScratchFolder::On::quick);
    const auto content = folder.path() / "content";
    Running running(folder.path());
    running.open();
    REQUIRE(running.store(entry_of("good"), content_of(100'000, 1)));
    REQUIRE(running.store(entry_of("bad"), content_of(100'000, 2)));
    running.close();
    std::ofstream(content / "leftover") << "x";
    one.damage(content);
    const auto bad_is_there = fs::exists(fs::symlink_status(content / "bad"));
    running.open();
    CHECK(running.content("good") == content_of(100'000, 1));
    CHECK(running.must(running->summaries()).size() == 1);
    CHECK(running.facts().set_aside == 1);
    CHECK(running.facts().troubles.size() == 1);
    CHECK_FALSE(fs::exists(content / "leftover"));
    CHECK(fs::exists(fs::symlink_status(content / "bad")) == bad_is_there);
    running.reopen();
    CHECK(fs::exists(fs::symlink_status(content / "bad")) == bad_is_there);
  }
}

TEST_CASE("spool: a content that changes under us is an error, not a message", "[spool]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("a"), content_of(100'000)));
  const auto file = folder.path() / "content" / "a";
  fs::rename(file, folder.path() / "x");
  fs::create_symlink("../x", file);
  auto opened = running.await(running->content("a"));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().reply.code == 451);
  fs::remove(file);
  fs::rename(folder.path() / "x", file);
  auto content = running.must(running->content("a"));
  fs::resize_file(file, 10);
  const auto read = running.await(content->read(50'000, 1000));
  REQUIRE_FALSE(read);
  CHECK(read.error().reply.code == 451);
}

TEST_CASE("spool: an interrupted first start is begun again", "[spool]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  std::ofstream(folder.path() / "spool.sqlite").close();
  Running running(folder.path());
  running.open();
  CHECK(running.facts().troubles.empty());
  CHECK(names_in(folder.path(), "set-aside").empty());
}

TEST_CASE("spool: ten thousand messages are opened, listed page by page, and counted", "[spool]") {
  const ScratchFolder folder(ScratchFolder::On::quick);
  Running running(folder.path());
  running.open();
  REQUIRE(running.store(entry_of("m"), content_of(4'000)));
  running.close();
  sql(folder.path() / "spool.sqlite",
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<9999) INSERT INTO entry "
      "SELECT "
      "row+i,'m'||i,kind,about,account,state,client,client_name,listener,esmtp,reverse_path,parameters,"
      "recipients,octets,in_file,received_wall,received_seen,next,attempts,last_wall,last_seen,last_word,"
      "possible_copy,delay_told,held_by_person,login,local_user FROM entry,n WHERE id='m';"
      "INSERT INTO content SELECT e.row,c.sum,c.octets FROM entry e,content c WHERE e.id<>'m' AND c.row=1;");
  running.open();
  CHECK(running.must(running->summaries()).size() == 10'000);
  std::set<std::string> seen;
  std::string after;
  for (;;) {
    const auto page = running.must(running->list({.after = after, .limit = 100'000}));
    if (page.empty()) break;
    CHECK(page.size() == 1000);
    for (const auto& entry : page) seen.insert(entry.id);
    after = page.back().id;
  }
  CHECK(seen.size() == 10'000);
  CHECK(running.facts().waiting == 10'000);
  CHECK(running.must(running->ids("m99")).size() == 100);
  CHECK(running.content("m9999") == content_of(4'000));
}
