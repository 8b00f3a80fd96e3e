// A spool in a folder of its own, driven from a test: the loop, the pool, a clock that tests turn.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "proxy/spool/spool.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"

namespace homeward::test {

/// A clock that stands until it is turned. Asked on the test's thread alone, as the spool promises.
struct FakeClock final : Clock {
  std::chrono::system_clock::time_point wall_now{std::chrono::hours{24 * 365 * 50}};
  std::chrono::milliseconds boot_now{std::chrono::hours{1}};
  std::string boot_name = "boot-1";

  std::chrono::system_clock::time_point wall() const override { return wall_now; }
  std::chrono::milliseconds since_boot() const override { return boot_now; }
  std::string boot() const override { return boot_name; }
  void pass(std::chrono::milliseconds time) {
    wall_now += time;
    boot_now += time;
  }
};

/// A folder of its own for one test. `quick`: in memory where the machine has such, for what is repeated a
/// hundred times: a killed process loses no page there either.
class ScratchFolder {
 public:
  enum class On : std::uint8_t { disk, quick };
  explicit ScratchFolder(On on = On::disk) {
    const std::filesystem::path memory = "/dev/shm";
    const bool quick = on == On::quick && ::access(memory.c_str(), W_OK | X_OK) == 0;
    std::string name = (quick ? memory : std::filesystem::temp_directory_path()) / "homeward-spool-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline spool::Recipient recipient(const std::string& address,
                                  spool::Recipient::Status status = spool::Recipient::Status::waiting) {
  spool::Recipient one;
  one.to.path.mailbox = *smtp::Mailbox::parse(address);
  one.status = status;
  return one;
}

inline spool::Entry entry_of(std::string id, spool::State state = spool::State::queued) {
  spool::Entry entry;
  entry.id = std::move(id);
  entry.account = "home";
  entry.state = state;
  entry.origin.client = *IpAddress::parse("192.0.2.7");
  entry.from.mailbox = *smtp::Mailbox::parse("ann@x.example");
  entry.recipients = {recipient("bob@y.example")};
  return entry;
}

/// A spool that runs; closed and opened again by reopen().
class Running {
 public:
  explicit Running(std::filesystem::path folder) { options.directory = std::move(folder); }

  Result<void> try_open() {
    auto opened = spool::Spool::open(options, context.get_executor(), offload, clock);
    if (!opened) return std::unexpected(std::move(opened.error()));
    spool_ = std::move(*opened);
    return {};
  }
  void open() {
    const auto opened = try_open();
    INFO((opened ? "" : opened.error().reply.text));
    REQUIRE(opened.has_value());
  }
  void close() { spool_.reset(); }
  void reopen() {
    close();
    open();
  }
  spool::Spool& operator*() { return *spool_; }
  spool::Spool* operator->() { return spool_.get(); }

  template <class T>
  T await(net::asio::awaitable<T> task) {
    return test::await(context, std::move(task));
  }
  template <class T>
  T must(net::Task<T> task) {
    auto answer = await(std::move(task));
    INFO((answer ? "" : answer.error().reply.text));
    REQUIRE(answer.has_value());
    if constexpr (!std::is_void_v<T>) return std::move(*answer);
  }
  Result<void> store(spool::Entry entry, std::string content) {
    return await(store_all(std::move(entry), std::move(content)));
  }
  std::string content(const std::string& id) { return must(read_all(id)); }
  spool::SpoolFacts facts() { return must(spool_->facts()); }

  spool::SpoolOptions options;
  FakeClock clock;
  net::asio::io_context context;
  net::Offload offload{2};

  net::Task<void> store_all(spool::Entry entry, std::string content) {
    auto draft = spool_->draft();
    constexpr std::size_t kBlock = 50'000;
    for (std::size_t at = 0; at < content.size(); at += kBlock) {
      auto added = co_await draft.append(std::string_view(content).substr(at, kBlock));
      if (!added) co_return added;
    }
    co_return co_await spool_->store(std::move(entry), std::move(draft));
  }
  net::Task<std::string> read_all(std::string id) {
    auto content = co_await spool_->content(std::move(id));
    if (!content) co_return std::unexpected(std::move(content.error()));
    std::string all;
    for (;;) {
      auto block = co_await (*content)->read(all.size(), 60'000);
      if (!block) co_return block;
      if (block->empty()) break;
      all += *block;
    }
    if (all.size() != (*content)->size()) co_return std::unexpected(spool::spool_error("size differs"));
    co_return all;
  }

 private:
  std::unique_ptr<spool::Spool> spool_;
};

/// Octets that no mistake of place can turn into each other.
inline std::string content_of(std::size_t size, unsigned seed = 1) {
  std::string out(size, '\0');
  std::uint32_t state = seed * 2'654'435'761U + 1;
  for (auto& c : out) {
    state = state * 1'664'525U + 1'013'904'223U;
    c = static_cast<char>(state >> 24U);
  }
  return out;
}

}  // namespace homeward::test
