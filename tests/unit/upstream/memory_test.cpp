// What worked where, and its file. product.md 6 "Memory".
#include "proxy/upstream/memory.hpp"

#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "proxy/upstream/stored_memory.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

using homeward::test::await;

const NetworkName kHome{"0123456789abcdef", "aaaaaaaaaaaaaaaa"};
const NetworkName kHotel{"0123456789abcdef", "bbbbbbbbbbbbbbbb"};  // the same address of the gateway
const NetworkName kOffice{"fedcba9876543210", "cccccccccccccccc"};
const Strength kStrong{"TLSv1.3", "SCRAM-SHA-256"};
const Strength kOldTls{"TLSv1.2", "SCRAM-SHA-256"};
const Strength kPlain{"TLSv1.3", "PLAIN"};
constexpr Day kToday = 20000;

NetworkName without_hardware(NetworkName network) {
  network.hardware = "-";
  return network;
}

using Port = std::optional<std::uint16_t>;

/// A folder that goes when it goes.
struct Folder {
  Folder() {
    std::string name = "/tmp/homeward-memory-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path file() const { return path / "memory"; }
  std::filesystem::path path;
};

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

net::asio::awaitable<std::string> text_of(StoredMemory& stored, std::filesystem::path folder) {
  auto* memory = co_await stored.open(std::move(folder));
  co_return memory->to_text();
}

net::asio::awaitable<bool> learn_and_save(StoredMemory& stored, std::filesystem::path folder) {
  auto* memory = co_await stored.open(folder);
  memory->port_worked(kHome, "mail.test", 2525);
  co_await stored.save(folder);
  co_return true;
}

}  // namespace

TEST_CASE("upstream: a port is remembered by network and host", "[upstream]") {
  Memory memory;
  CHECK(memory.port_of(kHome, "mail.test") == Port());
  memory.port_worked(kHome, "mail.test", 2525);
  CHECK(memory.port_of(kHome, "mail.test") == Port(2525));
  CHECK(memory.port_of(kHome, "other.test") == Port());
  CHECK(memory.port_of(kHotel, "mail.test") == Port());
  CHECK(memory.port_of(kOffice, "mail.test") == Port());
  memory.port_worked(kHotel, "mail.test", 587);
  CHECK(memory.port_of(kHotel, "mail.test") == Port(587));
  CHECK(memory.port_of(kHome, "mail.test") == Port(2525));
  memory.port_worked(kHome, "mail.test", 587);
  CHECK(memory.port_of(kHome, "mail.test") == Port(587));
  memory.forget_port(kHome, "mail.test");
  CHECK(memory.port_of(kHome, "mail.test") == Port());
  CHECK(memory.port_of(kHotel, "mail.test") == Port(587));
}

TEST_CASE("upstream: where the gateway's hardware address is not known, the same gateway will do",
          "[upstream]") {
  Memory memory;
  memory.port_worked(kHome, "mail.test", 2525);
  CHECK(memory.port_of(without_hardware(kHome), "mail.test") == Port(2525));
  // What is known stays known.
  memory.port_worked(without_hardware(kHome), "mail.test", 587);
  CHECK(memory.port_of(kHome, "mail.test") == Port(587));
  CHECK(memory.port_of(kHotel, "mail.test") == Port());
  // What was not known before is known from then on.
  memory.port_worked(without_hardware(kOffice), "mail.test", 587);
  CHECK(memory.port_of(kOffice, "mail.test") == Port(587));
  memory.port_worked(kOffice, "mail.test", 587);
  auto other = kOffice;
  other.hardware = "dddddddddddddddd";
  CHECK(memory.port_of(other, "mail.test") == Port());
}

TEST_CASE("upstream: of too many networks the oldest is forgotten", "[upstream]") {
  Memory memory;
  memory.port_worked(kHome, "mail.test", 2525);
  memory.port_worked(kOffice, "mail.test", 2525);
  memory.port_worked(kHome, "mail.test", 2525);  // used again: it is not the oldest any more
  for (std::size_t i = 0; i < Memory::kMaxPorts - 1; ++i) {
    memory.port_worked(kHotel, "host" + std::to_string(i), 587);
  }
  CHECK(memory.port_of(kHome, "mail.test") == Port(2525));
  CHECK(memory.port_of(kOffice, "mail.test") == Port());
}

TEST_CASE("upstream: a login that is weaker than before is told once for each change", "[upstream]") {
  Memory memory;
  const auto log_in = [&memory](const Strength& now, Day day = kToday) {
    return memory.logged_in("home", "mail.test", now, true, day);
  };
  CHECK_FALSE(log_in(kStrong));
  CHECK_FALSE(log_in(kStrong));
  CHECK(memory.troubles().empty());

  const auto before = log_in(kOldTls);
  REQUIRE(before);
  CHECK(*before == kStrong);
  REQUIRE(memory.troubles().size() == 1);
  const auto trouble = memory.troubles().front();
  CAPTURE(trouble);
  CHECK(trouble.starts_with("home (mail.test): "));
  CHECK(trouble.find("SCRAM-SHA-256 with TLSv1.2, where SCRAM-SHA-256 with TLSv1.3") != std::string::npos);
  CHECK_FALSE(log_in(kOldTls));
  CHECK(log_in(kPlain));  // another one
  CHECK_FALSE(log_in(kPlain));
  CHECK(memory.troubles().size() == 1);

  CHECK_FALSE(log_in(kStrong));
  CHECK(memory.troubles().empty());
  CHECK(log_in(kPlain));
}

TEST_CASE("upstream: strength is each account's and each host's own", "[upstream]") {
  Memory memory;
  CHECK_FALSE(memory.logged_in("home", "mail.test", kStrong, true, kToday));
  CHECK_FALSE(memory.logged_in("work", "mail.test", kPlain, true, kToday));
  CHECK_FALSE(memory.logged_in("home", "other.test", kPlain, true, kToday));
}

TEST_CASE("upstream: the strongest TLS and the strongest mechanism are remembered apart", "[upstream]") {
  Memory memory;
  CHECK_FALSE(memory.logged_in("home", "mail.test", {"TLSv1.2", "SCRAM-SHA-256"}, true, kToday));
  const auto mechanism = memory.logged_in("home", "mail.test", {"TLSv1.3", "PLAIN"}, true, kToday);
  REQUIRE(mechanism);
  CHECK(mechanism->mechanism == "SCRAM-SHA-256");
  CHECK_FALSE(memory.logged_in("home", "mail.test", {"TLSv1.3", "SCRAM-SHA-512"}, true, kToday));
  CHECK(memory.logged_in("home", "mail.test", {"TLSv1.2", "SCRAM-SHA-512"}, true, kToday));
  CHECK(memory.logged_in("home", "mail.test", {"TLSv1.3", "SCRAM-SHA-256"}, true, kToday));
}

TEST_CASE("upstream: a mechanism that the settings name is no downgrade, older TLS is", "[upstream]") {
  Memory memory;
  CHECK_FALSE(memory.logged_in("home", "mail.test", kStrong, true, kToday));
  CHECK_FALSE(memory.logged_in("home", "mail.test", kPlain, false, kToday));
  CHECK(memory.troubles().empty());
  CHECK(memory.logged_in("home", "mail.test", {"TLSv1.2", "PLAIN"}, false, kToday));
  // The settings say auto again: the strongest is known still.
  CHECK(memory.logged_in("home", "mail.test", kPlain, true, kToday));
}

TEST_CASE("upstream: what was weaker for 30 days is how it is now", "[upstream]") {
  Memory memory;
  CHECK_FALSE(memory.logged_in("home", "mail.test", kStrong, true, kToday));
  CHECK(memory.logged_in("home", "mail.test", kPlain, true, kToday + Memory::kForgetAfter - 1));
  CHECK_FALSE(memory.logged_in("home", "mail.test", kPlain, true, kToday + Memory::kForgetAfter));
  CHECK(memory.troubles().empty());
  CHECK_FALSE(memory.logged_in("home", "mail.test", kPlain, true, kToday + Memory::kForgetAfter));
}

TEST_CASE("upstream: a reload clears the troubles, and what is still so is told again", "[upstream]") {
  Memory memory;
  CHECK_FALSE(memory.logged_in("home", "mail.test", kStrong, true, kToday));
  CHECK(memory.logged_in("home", "mail.test", kPlain, true, kToday));
  memory.forget_troubles();
  CHECK(memory.troubles().empty());
  CHECK(memory.logged_in("home", "mail.test", kPlain, true, kToday));
}

TEST_CASE("upstream: of too many accounts those go that were not seen today", "[upstream]") {
  Memory memory;
  CHECK_FALSE(memory.logged_in("old", "mail.test", kStrong, true, kToday - 1));
  for (std::size_t i = 0; i < Memory::kMaxServers; ++i) {
    CHECK_FALSE(memory.logged_in("a" + std::to_string(i), "mail.test", kStrong, true, kToday));
  }
  CHECK_FALSE(memory.logged_in("late", "mail.test", kStrong, true, kToday));
  CHECK(memory.logged_in("a0", "mail.test", kPlain, true, kToday));
  CHECK_FALSE(memory.logged_in("late", "mail.test", kPlain, true, kToday));  // there was no room for it
  CHECK_FALSE(memory.logged_in("old", "mail.test", kPlain, true, kToday));
}

TEST_CASE("upstream: what is worth writing is told once", "[upstream]") {
  Memory memory;
  CHECK_FALSE(memory.take_changed());
  memory.port_worked(kHome, "mail.test", 2525);
  CHECK(memory.take_changed());
  CHECK_FALSE(memory.take_changed());
  memory.port_worked(kHome, "mail.test", 2525);
  CHECK_FALSE(memory.take_changed());
  memory.forget_port(kOffice, "mail.test");
  CHECK_FALSE(memory.take_changed());
  memory.forget_port(kHome, "mail.test");
  CHECK(memory.take_changed());
  CHECK_FALSE(memory.logged_in("home", "mail.test", kStrong, true, kToday));
  CHECK(memory.take_changed());
  CHECK_FALSE(memory.logged_in("home", "mail.test", kStrong, true, kToday));
  CHECK_FALSE(memory.take_changed());  // many messages a day, one line a day
  CHECK_FALSE(memory.logged_in("home", "mail.test", kStrong, true, kToday + 1));
  CHECK(memory.take_changed());
}

TEST_CASE("upstream: a memory that was written is read again whole", "[upstream]") {
  Memory memory;
  memory.port_worked(kHome, "mail.test", 2525);
  memory.port_worked(without_hardware(kOffice), "other.test", 587);
  (void)memory.logged_in("my home", "mail.test", kStrong, true, kToday);
  (void)memory.logged_in("gateway", "relay.test", {"TLSv1.3", ""}, true, kToday);
  Memory again;
  REQUIRE(again.from_text(memory.to_text()));
  CHECK(again.to_text() == memory.to_text());
  CHECK(again.port_of(kHome, "mail.test") == Port(2525));
  CHECK(again.logged_in("my home", "mail.test", kPlain, true, kToday));
  CHECK_FALSE(again.logged_in("gateway", "relay.test", {"TLSv1.3", ""}, true, kToday));
}

TEST_CASE("upstream: hostile lines in a memory are left out, one by one", "[upstream]") {
  const std::string good = "port\t0123456789abcdef\taaaaaaaaaaaaaaaa\tmail.test\t2525\n";
  for (const auto& line :
       std::vector<std::string>{"",
                                "port",
                                "\t\t\t\t",
                                "port\t0123456789abcdef\taaaaaaaaaaaaaaaa\tx.test\t0",
                                "port\t0123456789abcdef\taaaaaaaaaaaaaaaa\tx.test\t65536",
                                "port\t0123456789abcdef\taaaaaaaaaaaaaaaa\tx.test\t-1",
                                "port\t0123456789abcdef\t-\tx.test\t25x",
                                "port\t0123456789abcde\t-\tx.test\t587",
                                "port\t0123456789abcdeg\t-\tx.test\t587",
                                "port\t0123456789abcdef\t-\tx.test\t587\tmore",
                                "port\t0123456789abcdef\t-\t\t587",
                                "port\t0123456789abcdef\t-\tx\x1b[31m.test\t587",
                                "server\thome\tx.test\tTLSv1.3\tPLAIN\t-5",
                                "server\thome\tx.test\tTLSv1.3\tPLAIN\t99999999999999999999",
                                "server\thome\tx.test\tTLSv1.3\tPLAIN",
                                "server\thome\tx.test\t" + std::string(17, 'T') + "\tPLAIN\t20000",
                                "server\thome\tx.test\tTLSv1.3\t" + std::string(33, 'P') + "\t20000",
                                "server\t" + std::string(300, 'h') + "\tx.test\tTLSv1.3\tPLAIN\t20000",
                                "server\thome\xff\tx.test\tTLSv1.3\tPLAIN\t20000",
                                "future\tthing"}) {
    CAPTURE(line);
    Memory memory;
    REQUIRE(memory.from_text("homeward-memory 1\n" + line + "\n" + good));
    CHECK(memory.to_text() == "homeward-memory 1\n" + good);
  }
}

TEST_CASE("upstream: a memory of another form or version is not read, and what was there goes",
          "[upstream]") {
  for (const auto* text : {"", "homeward-memory 2\nport\t0123456789abcdef\t-\tx.test\t587\n",
                           "SQLite format 3", "\n", " homeward-memory 1\n", "homeward-memory 1\r\n"}) {
    CAPTURE(text);
    Memory memory;
    CHECK_FALSE(memory.from_text(text));
    CHECK(memory.to_text() == "homeward-memory 1\n");
  }
}

TEST_CASE("upstream: a memory has bounds whatever a file holds", "[upstream]") {
  std::string text = "homeward-memory 1\n";
  for (int i = 0; i < 20000; ++i) {
    text += "port\t0123456789abcdef\t-\thost" + std::to_string(i) + ".test\t587\n";
    text += "server\thome\thost" + std::to_string(i) + ".test\tTLSv1.3\tPLAIN\t20000\n";
  }
  Memory memory;
  REQUIRE(memory.from_text(text));
  const auto lines = std::ranges::count(memory.to_text(), '\n');
  CHECK(lines == 1 + Memory::kMaxPorts + Memory::kMaxServers);
}

TEST_CASE("upstream: a memory survives in its file, which is its owner's alone", "[upstream]") {
  const Folder folder;
  net::asio::io_context context;
  net::Offload offload(1);
  {
    StoredMemory stored(context.get_executor(), offload);
    CHECK(await(context, text_of(stored, folder.path)) == "homeward-memory 1\n");
    CHECK_FALSE(std::filesystem::exists(folder.file()));
    await(context, learn_and_save(stored, folder.path));
  }
  struct stat facts{};
  REQUIRE(stat(folder.file().c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777U) == 0600);
  CHECK_FALSE(std::filesystem::exists(folder.path / "memory.new"));
  StoredMemory stored(context.get_executor(), offload);
  CHECK(await(context, text_of(stored, folder.path)) ==
        "homeward-memory 1\nport\t0123456789abcdef\taaaaaaaaaaaaaaaa\tmail.test\t2525\n");
}

TEST_CASE("upstream: a file that can't be a memory harms nothing, and is replaced where it may be",
          "[upstream]") {
  struct Case {
    const char* what;
    void (*prepare)(const Folder&);
    bool is_replaced;
  };
  const std::vector<Case> cases = {
      {"junk", [](const Folder& folder) { write(folder.file(), std::string(5000, '\0')); }, true},
      {"a link",
       [](const Folder& folder) {
         write(folder.path / "elsewhere", "homeward-memory 1\n");
         std::filesystem::create_symlink(folder.path / "elsewhere", folder.file());
       },
       true},
      {"a second name of a file",
       [](const Folder& folder) {
         write(folder.path / "elsewhere", "homeward-memory 1\nport\t0123456789abcdef\t-\tx.test\t587\n");
         std::filesystem::create_hard_link(folder.path / "elsewhere", folder.file());
       },
       true},
      {"a pipe", [](const Folder& folder) { REQUIRE(mkfifo(folder.file().c_str(), 0600) == 0); }, true},
      {"a directory", [](const Folder& folder) { std::filesystem::create_directories(folder.file() / "x"); },
       false},
      {"a half-written new one", [](const Folder& folder) { write(folder.path / "memory.new", "homew"); },
       true},
      {"no folder", [](const Folder& folder) { std::filesystem::remove_all(folder.path); }, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Folder folder;
    c.prepare(folder);
    net::asio::io_context context;
    net::Offload offload(1);
    StoredMemory stored(context.get_executor(), offload);
    CHECK(await(context, text_of(stored, folder.path)) == "homeward-memory 1\n");
    await(context, learn_and_save(stored, folder.path));
    CHECK(stored.now().port_of(kHome, "mail.test") == Port(2525));
    const auto text = read_memory_file(folder.file());
    CHECK((text && text->find("2525") != std::string::npos) == c.is_replaced);
  }
}

}  // namespace homeward::upstream::test
