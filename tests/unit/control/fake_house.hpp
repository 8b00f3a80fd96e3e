// A house made of values: the services that the routes ask, with what a test puts into them, and what they
// were asked to change.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/control/api.hpp"

namespace homeward::test {

class FixedContent final : public spool::StoredContent {
 public:
  explicit FixedContent(std::string text, bool is_broken = false)
      : text_(std::move(text)), is_broken_(is_broken) {}
  std::uint64_t size() const override { return text_.size(); }
  net::Task<std::string> read(std::uint64_t offset, std::size_t most) override {
    if (is_broken_ && offset > 0)
      co_return std::unexpected(make_error(Fault::local, 451, {4, 3, 0}, "the disk is broken"));
    co_return text_.substr(static_cast<std::size_t>(offset), most);
  }

 private:
  std::string text_;
  bool is_broken_;
};

inline Error no_message() {
  return make_error(Fault::local, 550, {5, 1, 0}, "there is no such message");
}

/// Must outlive the services that it gives.
struct FakeHouse {
  std::vector<spool::Entry> entries;
  std::vector<spool::TraceLine> lines;
  std::vector<delivery::AccountStatus> accounts;
  spool::SpoolFacts facts;
  std::string content;
  bool content_breaks = false;
  std::uint64_t revision = 7;
  std::optional<Error> change_fails;
  std::vector<std::string> changes;  ///< "hold abc"
  spool::ListQuery last_query;

  static spool::Entry entry(std::string id, spool::State state = spool::State::deferred) {
    spool::Entry entry;
    entry.id = std::move(id);
    entry.account = "home";
    entry.state = state;
    entry.origin.client = *IpAddress::parse("127.0.0.1");
    entry.origin.listener = "main";
    entry.from.mailbox = *smtp::Mailbox::parse("ann@isp.example");
    spool::Recipient recipient;
    recipient.to.path.mailbox = *smtp::Mailbox::parse("bob@y.example");
    entry.recipients.push_back(recipient);
    entry.octets = 1234;
    entry.received = {std::chrono::system_clock::from_time_t(1'000'000'000), std::chrono::hours{1}};
    entry.next = std::chrono::hours{1} + std::chrono::minutes{5};
    return entry;
  }

  control::Services::Change change(std::string name) {
    return [this, name](std::string on) { return changed(name + " " + on); };
  }
  net::Task<void> changed(std::string what) {
    if (change_fails) co_return std::unexpected(*change_fails);
    changes.push_back(std::move(what));
    co_return Result<void>{};
  }
  net::Task<spool::Entry> load(std::string id) const {
    for (const auto& one : entries)
      if (one.id == id) co_return one;
    co_return std::unexpected(no_message());
  }
  net::Task<std::unique_ptr<spool::StoredContent>> open(std::string id) const {
    if (!co_await load(std::move(id))) co_return std::unexpected(no_message());
    co_return std::make_unique<FixedContent>(content, content_breaks);
  }
  net::Task<std::vector<spool::Entry>> list(spool::ListQuery query) {
    last_query = query;
    auto listed = entries;
    if (listed.size() > query.limit) listed.resize(query.limit);
    co_return listed;
  }
  net::Task<std::vector<std::string>> ids(std::string prefix) const {
    std::vector<std::string> found;
    for (const auto& one : entries)
      if (one.id.starts_with(prefix)) found.push_back(one.id);
    co_return found;
  }
  net::Task<std::vector<spool::TraceLine>> trace(std::string id) const {
    std::vector<spool::TraceLine> found;
    for (const auto& line : lines)
      if (line.id == id) found.push_back(line);
    co_return found;
  }
  net::Task<std::vector<spool::Summary>> summaries() const {
    std::vector<spool::Summary> all;
    for (const auto& one : entries)
      all.push_back({one.id, one.account, "127.0.0.1", one.state, one.next, one.received.witnessed});
    co_return all;
  }
  net::Task<spool::SpoolFacts> told() const { co_return facts; }

  control::Services services() {
    control::Services services;
    services.daemon = [] {
      return control::DaemonFacts{
          "0.2.0",          "gw.test", std::chrono::system_clock::from_time_t(1'000'000'000),
          {"127.0.0.1:25"}, 3,         {"something is odd"}};
    };
    services.now = [] {
      return spool::Moment{std::chrono::system_clock::from_time_t(1'000'000'060),
                           std::chrono::hours{1} + std::chrono::minutes{1}};
    };
    services.facts = [this] { return told(); };
    services.list = [this](spool::ListQuery query) { return list(std::move(query)); };
    services.load = [this](std::string id) { return load(std::move(id)); };
    services.content = [this](std::string id) { return open(std::move(id)); };
    services.ids = [this](std::string prefix) { return ids(std::move(prefix)); };
    services.trace = [this](std::string id) { return trace(std::move(id)); };
    services.summaries = [this] { return summaries(); };
    services.note = [this](spool::TraceLine line) { lines.push_back(std::move(line)); };
    services.accounts = [this] { return accounts; };
    services.revision = [this] { return revision; };
    services.hold = change("hold");
    services.release = change("release");
    services.retry = change("retry");
    services.drop = change("drop");
    services.pause = change("pause");
    services.resume = change("resume");
    services.retry_account = change("retry-account");
    return services;
  }
};

}  // namespace homeward::test
