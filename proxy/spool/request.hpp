// Request: one thing to be done with the store, as it goes to the writer's thread and comes back with its
// answer. Ask<T> is the request whose answer is a Result<T>.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/spool/file_system.hpp"
#include "proxy/spool/store.hpp"

namespace homeward::spool {

/// What a request works with: the store, and the files that go once the transaction is committed.
struct Part {
  Store& store;
  std::vector<std::string> gone;
};

class Request {
 public:
  /// Who reads the trace wants all that was noted before.
  enum class Kind : std::uint8_t { reads, reads_trace, writes };

  Request(std::uint64_t ticket, Kind kind) : ticket_(ticket), kind_(kind) {}
  virtual ~Request() = default;

  std::uint64_t ticket() const { return ticket_; }
  Kind kind() const { return kind_; }
  bool writes() const { return kind_ == Kind::writes; }

  /// On the writer's thread; once more where the transaction around it failed. Throws nothing.
  virtual void run(Part& part) = 0;
  virtual const Error* error() const = 0;
  virtual void fail(const Error& error) = 0;
  /// The answer is final: lets go of what the work held.
  virtual void finish() = 0;

 private:
  std::uint64_t ticket_;
  Kind kind_;
};

template <class T>
class Ask final : public Request {
 public:
  using Work = std::function<Result<T>(Part&)>;

  Ask(std::uint64_t ticket, Kind kind, Work work, std::function<void()> on_success)
      : Request(ticket, kind), work_(std::move(work)), on_success_(std::move(on_success)) {}

  void run(Part& part) override {
    try {
      answer_.emplace(work_(part));
    } catch (const std::exception& thrown) {  // no memory
      answer_.emplace(std::unexpected(spool_error(thrown.what())));
    }
  }
  const Error* error() const override { return answer_ && !*answer_ ? &answer_->error() : nullptr; }
  void fail(const Error& error) override { answer_.emplace(std::unexpected(error)); }
  void finish() override {
    if (error() == nullptr && on_success_) on_success_();
    on_success_ = nullptr;
    work_ = nullptr;
  }
  Result<T> take() { return std::move(*answer_); }

 private:
  Work work_;
  std::function<void()> on_success_;
  std::optional<Result<T>> answer_;
};

}  // namespace homeward::spool
