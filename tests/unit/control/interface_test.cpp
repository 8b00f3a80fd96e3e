// The control interface over its real socket: the file, who may come in, and the commands' client.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "proxy/control/client.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/control/fake_house.hpp"

namespace homeward::control {
namespace {

namespace fs = std::filesystem;
using test::FakeHouse;

/// A folder that goes with the test.
class Folder {
 public:
  Folder() : path_((fs::temp_directory_path() / "homeward-control-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return fs::path(path_) / name; }

 private:
  std::string path_;
};

/// A house that answers on a thread of its own, as the client blocks.
class Running {
 public:
  Running(FakeHouse& house, const fs::path& directory)
      : supervisor_(context_.get_executor()), interface_(house.services(), supervisor_) {
    opened_ = interface_.open(directory);
    thread_ = std::thread([this] { context_.run(); });
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    net::asio::post(context_, [this] { interface_.close(); });
    thread_.join();
  }
  const Result<void>& opened() const { return opened_; }

 private:
  net::asio::io_context context_;
  net::Supervisor supervisor_;
  Interface interface_;
  Result<void> opened_;
  std::thread thread_;
};

mode_t mode_of(const fs::path& path) {
  struct stat facts{};
  REQUIRE(lstat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777U;
}

TEST_CASE("control: the socket is made, answers, and goes") {
  const Folder folder;
  FakeHouse house;
  house.entries = {FakeHouse::entry("abcdefghjkmn")};
  house.content = "Subject: x\r\n\r\n" + std::string(300'000, 'y') + "\r\n";
  const auto socket = folder / "run" / kSocketName;
  {
    const Running running(house, folder / "run");
    REQUIRE(running.opened());
    CHECK(mode_of(folder / "run") == 0750);
    CHECK(mode_of(socket) == 0660);
    auto client = Client::find(folder / "run");
    REQUIRE(client);
    const auto status = client->get("/v1/status");
    REQUIRE(status);
    CHECK(status->at("version") == "0.2.0");
    REQUIRE(client->post("/v1/queue/abcdefghjkmn/hold"));
    CHECK(house.changes == std::vector<std::string>{"hold abcdefghjkmn"});
    std::string content;
    REQUIRE(client->download("/v1/queue/abcdefghjkmn/content", [&](std::string_view part) {
      content += part;
      return Result<void>{};
    }));
    CHECK(content == house.content);
  }
  CHECK_FALSE(fs::exists(socket));
}

TEST_CASE("control: an export that breaks off is an error, never a short file") {
  const Folder folder;
  FakeHouse house;
  house.entries = {FakeHouse::entry("abcdefghjkmn")};
  house.content = std::string(300'000, 'y');
  house.content_breaks = true;
  const Running running(house, folder / "run");
  auto client = Client::find(folder / "run");
  REQUIRE(client);
  const auto done =
      client->download("/v1/queue/abcdefghjkmn/content", [](std::string_view) { return Result<void>{}; });
  REQUIRE_FALSE(done);
  CHECK(done.error().fault == Fault::network);
}

TEST_CASE("control: an error comes with its words and its cure") {
  const Folder folder;
  FakeHouse house;
  const Running running(house, folder / "run");
  auto client = Client::find(folder / "run");
  REQUIRE(client);
  const auto missing = client->get("/v1/queue/unknown");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().reply.code == 550);
  CHECK(missing.error().reply.text.contains("no such message"));
  CHECK(missing.error().reply.text.contains("homeward queue list"));
  house.change_fails = make_error(Fault::local, 451, {4, 3, 0}, "it is being sent");
  const auto busy = client->post("/v1/queue/abc/drop");
  REQUIRE_FALSE(busy);
  CHECK(busy.error().fault == Fault::refused);
  CHECK(busy.error().reply.code == 451);
}

TEST_CASE("control: a socket that nobody answers on is replaced, one that somebody does is not") {
  const Folder folder;
  FakeHouse house;
  fs::create_directory(folder / "run");
  fs::permissions(folder / "run", fs::perms{0750});
  {  // what a kill leaves behind
    const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder / "run" / kSocketName).string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(left);
  }
  const auto client_before = Client::find(folder / "run");
  REQUIRE_FALSE(client_before);
  CHECK(client_before.error().fault == Fault::network);
  const Running first(house, folder / "run");
  REQUIRE(first.opened());
  const Running second(house, folder / "run");
  REQUIRE_FALSE(second.opened());
  CHECK(second.opened().error().reply.text.contains("another homeward runs"));
  CHECK(Client::find(folder / "run"));
}

TEST_CASE("control: a directory that is a link, or that others can write to, is refused") {
  const Folder folder;
  FakeHouse house;
  fs::create_directory(folder / "real");
  fs::create_directory_symlink(folder / "real", folder / "link");
  const Running by_link(house, folder / "link");
  REQUIRE_FALSE(by_link.opened());
  CHECK(by_link.opened().error().reply.text.contains("is a link"));

  fs::permissions(folder / "real", fs::perms{0770});
  const Running shared(house, folder / "real");
  REQUIRE_FALSE(shared.opened());
  CHECK(shared.opened().error().reply.text.contains("others can write"));
}

TEST_CASE("control: what is no socket is left alone") {
  const Folder folder;
  FakeHouse house;
  fs::create_directory(folder / "run");
  fs::permissions(folder / "run", fs::perms{0750});
  std::ofstream(folder / "run" / kSocketName) << "mine";
  const Running running(house, folder / "run");
  REQUIRE_FALSE(running.opened());
  CHECK(fs::file_size(folder / "run" / kSocketName) == 4);
}

TEST_CASE("control: a path that is too long for a socket is an error") {
  const Folder folder;
  FakeHouse house;
  const Running running(house, folder / std::string(120, 'x').c_str());
  REQUIRE_FALSE(running.opened());
  CHECK(running.opened().error().reply.text.contains("too long"));
}

TEST_CASE("control: where nobody runs, the client says how to start it") {
  const Folder folder;
  const auto client = Client::find(folder / "nothing");
  REQUIRE_FALSE(client);
  CHECK(client.error().fault == Fault::network);
  CHECK(client.error().reply.text.contains("not running"));
  CHECK(client.error().reply.text.contains("homeward serve"));
}

}  // namespace
}  // namespace homeward::control
