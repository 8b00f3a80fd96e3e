// Counting, striking, and reading of the environment.
#include "tests/support/fault_plan.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace homeward::test {

std::optional<DiskFault> parse_fault(std::string_view name) {
  if (name == "kill") return DiskFault::kill;
  if (name == "enospc") return DiskFault::enospc;
  if (name == "eio") return DiskFault::eio;
  if (name == "readonly") return DiskFault::readonly;
  return std::nullopt;
}

bool FaultPlan::arm(std::string_view step, DiskFault fault) {
  const bool and_later = step.ends_with('+');
  if (and_later) step.remove_suffix(1);
  std::string_view name;
  if (const auto mark = step.find('#'); mark != std::string_view::npos) {
    name = step.substr(0, mark);
    step.remove_prefix(mark + 1);
    if (name.empty()) return false;
  }
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(step.data(), step.data() + step.size(), number);
  if (failure != std::errc{} || end != step.data() + step.size() || number == 0) return false;
  const std::lock_guard lock(mutex_);
  name_ = name;
  number_ = number;
  and_later_ = and_later;
  fault_ = fault;
  struck_ = false;
  return true;
}

void FaultPlan::disarm() {
  const std::lock_guard lock(mutex_);
  number_ = 0;
}

bool FaultPlan::record_to(const std::string& file) {
  const std::lock_guard lock(mutex_);
  record_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  return record_ >= 0;
}

std::optional<DiskFault> FaultPlan::step(std::string_view name) {
  const std::lock_guard lock(mutex_);
  ++total_;
  const auto [found, is_new] = counts_.try_emplace(std::string(name), 0);
  const auto of_name = ++found->second;
  if (record_ >= 0) {
    const auto line = std::string(name) + "\n";
    if (::write(record_, line.data(), line.size()) < 0) std::abort();
  }
  if (number_ == 0 || (!name_.empty() && name_ != name)) return std::nullopt;
  const auto reached = name_.empty() ? total_ : of_name;
  const bool strikes = and_later_ ? reached >= number_ : reached == number_;
  if (!strikes) return std::nullopt;
  struck_ = true;
  if (fault_ == DiskFault::kill) {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();  // other threads may get here before the signal does
  }
  return fault_;
}

std::uint64_t FaultPlan::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

std::uint64_t FaultPlan::count(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

bool FaultPlan::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::shared_ptr<FaultPlan> FaultPlan::from_environment() {
  auto plan = std::make_shared<FaultPlan>();
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, at start
    return std::string(value == nullptr ? "" : value);
  };
  const auto fail = [](const char* what) {
    std::fprintf(stderr, "fault plan: bad %s\n", what);
    std::exit(64);  // NOLINT(concurrency-mt-unsafe): no thread has begun
  };
  const auto step = variable("HOMEWARD_FAULT_STEP");
  const auto action = variable("HOMEWARD_FAULT_ACTION");
  const auto fault = parse_fault(action.empty() ? "kill" : action);
  if (!fault) fail("HOMEWARD_FAULT_ACTION: kill, enospc, eio or readonly");
  if (!step.empty() && !plan->arm(step, *fault)) fail("HOMEWARD_FAULT_STEP: N, N+, NAME#K or NAME#K+");
  const auto record = variable("HOMEWARD_FAULT_RECORD");
  if (!record.empty() && !plan->record_to(record)) fail("HOMEWARD_FAULT_RECORD: can't be opened");
  return plan;
}

}  // namespace homeward::test
