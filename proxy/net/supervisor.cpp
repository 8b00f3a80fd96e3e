#include "proxy/net/supervisor.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "proxy/base/log.hpp"

namespace homeward::net {
namespace {

/// What escaped, or nothing where the task was canceled: Asio throws at the next co_await then.
std::string what_of(const std::exception_ptr& escaped) {
  try {
    std::rethrow_exception(escaped);
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return {};
    return error.what();
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "not a std::exception";
  }
}

void report(const std::string& name, const std::exception_ptr& escaped) {
  const auto cause = what_of(escaped);
  if (!cause.empty()) log::error("task.failed", {{"task", name}, {"cause", cause}});
}

}  // namespace

Supervisor::Supervisor(asio::any_io_executor executor)
    : executor_(std::move(executor)), changed_(executor_) {}

void Supervisor::spawn(std::string name, asio::awaitable<void> task) {
  tasks_.emplace_front();
  const auto entry = tasks_.begin();
  entry->name = std::move(name);
  asio::co_spawn(
      executor_, std::move(task),
      asio::bind_cancellation_slot(entry->stop.slot(), [this, entry](const std::exception_ptr& escaped) {
        if (escaped) report(entry->name, escaped);
        tasks_.erase(entry);
        if (tasks_.empty()) changed_.cancel();
      }));
}

void Supervisor::cancel_all() {
  // Emitting may end a task at once and so change the list.
  for (auto entry = tasks_.begin(); entry != tasks_.end();) {
    auto& stop = entry->stop;
    ++entry;
    stop.emit(asio::cancellation_type::terminal);
  }
}

asio::awaitable<bool> Supervisor::drained(std::chrono::milliseconds patience) {
  const auto due = std::chrono::steady_clock::now() + patience;
  while (!tasks_.empty() && std::chrono::steady_clock::now() < due) {
    changed_.expires_at(due);
    (void)co_await changed_.async_wait(kNoThrow);
  }
  co_return tasks_.empty();
}

}  // namespace homeward::net
