// The writer's loop: take what waits, one transaction, answers. product.md 7 (grouped commits), speed.md.
#include "proxy/spool/writer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "proxy/base/log.hpp"

namespace homeward::spool {
namespace {

using std::chrono::milliseconds;

constexpr auto kNoteDelay = std::chrono::seconds(1);
/// After a transaction of notes that failed: nobody is told, so nobody is in a hurry.
constexpr auto kNoteRetry = std::chrono::seconds(10);
constexpr std::size_t kMostNotes = 10'000;
constexpr std::size_t kMostRequests = 512;  ///< of one transaction, so that the first don't wait for ever
/// The record of time is right however old it is (timeline.hpp); it costs a page to write.
constexpr auto kTimeEvery = std::chrono::minutes(1);
constexpr auto kPruneEvery = std::chrono::minutes(10);

bool is_storage(const Error& error) {
  return error.reply.code == 452;
}

}  // namespace

Writer::Writer(std::unique_ptr<Store> store, Hooks hooks, milliseconds keep_trace, const TimeRecord& now)
    : store_(std::move(store)), hooks_(std::move(hooks)), now_(now), keep_trace_(keep_trace) {
  thread_ = std::thread([this] { run(); });
}

void Writer::put(std::shared_ptr<Request> request, const TimeRecord& now) {
  const std::lock_guard lock(mutex_);
  now_ = now;
  if (closing_) return;  // nobody runs the loop that would wait for it
  queue_.push_back(std::move(request));
  if (queue_.size() == 1) wake_.notify_one();
}

void Writer::note(TraceLine line, const TimeRecord& now) {
  const std::lock_guard lock(mutex_);
  now_ = now;
  if (notes_.size() >= kMostNotes) {  // storage fails for long: the trace is not worth the memory
    notes_.pop_front();
    lose_note();
  }
  notes_.push_back({std::move(line), now.witnessed});
  if (notes_.size() > 1) return;
  notes_due_ = std::chrono::steady_clock::now() + kNoteDelay;
  wake_.notify_one();
}

void Writer::lose_note() {
  if (++notes_lost_ % kMostNotes == 1)
    log::warning("spool.trace-lost", {{"lines", std::to_string(notes_lost_)}});
}

void Writer::set_keep_trace(milliseconds time) {
  const std::lock_guard lock(mutex_);
  keep_trace_ = time;
}

void Writer::close(const std::optional<TimeRecord>& now) {
  {
    const std::lock_guard lock(mutex_);
    if (now) now_ = *now;
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

bool Writer::notes_due() const {
  return !notes_.empty() && std::chrono::steady_clock::now() >= notes_due_;
}

Writer::Batch Writer::next() {
  std::unique_lock lock(mutex_);
  while (queue_.empty() && !closing_ && !notes_due()) {
    if (notes_.empty()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, notes_due_);
    }
  }
  Batch batch;
  const auto taken = std::min(queue_.size(), kMostRequests);
  batch.requests.assign(std::make_move_iterator(queue_.begin()),
                        std::make_move_iterator(queue_.begin() + static_cast<std::ptrdiff_t>(taken)));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken));
  const bool wanted = std::ranges::any_of(
      batch.requests, [](const auto& one) { return one->kind() == Request::Kind::reads_trace; });
  // Together, not with each message: they cost two pages of the log each time.
  if (wanted || notes_due() || closing_) batch.notes = std::exchange(notes_, {});
  batch.now = now_;
  batch.keep_trace = keep_trace_;
  batch.last = closing_ && queue_.empty();
  return batch;
}

void Writer::run() {
  for (;;) {
    auto batch = next();
    const bool last = batch.last;
    carry_out(std::move(batch));
    if (last) return;
  }
}

void Writer::carry_out(Batch batch) {
  const auto done = attempt(batch.requests, batch, true);
  if (!done) {
    judge(&done.error());
    do_alone(batch);
  }
  for (const auto& request : batch.requests) request->finish();
  if (!batch.requests.empty()) hooks_.answer(std::move(batch.requests));
  hooks_.remove_files(std::exchange(gone_, {}));
  bool busy = false;
  {
    const std::lock_guard lock(mutex_);
    busy = !queue_.empty();
  }
  tidy(busy);
}

/// All of it in one transaction. Error: it did not happen, whatever the requests say.
Result<void> Writer::attempt(std::span<const std::shared_ptr<Request>> requests, Batch& batch,
                             bool with_notes) {
  auto done = store_->begin();
  bool changed = with_notes && !batch.notes.empty();
  if (done && changed) done = add_notes(batch);
  Part part{*store_, {}};
  for (const auto& request : requests) {
    if (!done) break;
    changed = run_part(*request, part) || changed;
    if (store_->in_transaction()) continue;
    // A fault took all of it away, and only this request knows which.
    const auto* error = request->error();
    done = std::unexpected(error != nullptr ? *error
                                            : storage_error("the spool can't be written", "the disk fails"));
  }
  if (done && (changed || batch.last)) done = ride_along(batch);
  if (done) done = store_->commit();
  if (!done) {
    store_->roll_back();
    return done;
  }
  if (with_notes) batch.notes.clear();
  if (changed) judge(nullptr);
  std::ranges::move(part.gone, std::back_inserter(gone_));
  return {};
}

/// One request in a part of its own. True where it changed something.
bool Writer::run_part(Request& request, Part& part) {
  if (!request.writes()) {
    request.run(part);
    return false;
  }
  if (auto marked = store_->mark(); !marked) {
    request.fail(marked.error());
    return false;
  }
  const auto gone = part.gone.size();
  request.run(part);
  if (request.error() == nullptr) {
    if (auto kept = store_->keep(); !kept) request.fail(kept.error());
  }
  if (const auto* error = request.error()) {
    store_->undo();
    part.gone.resize(gone);
    if (is_storage(*error)) judge(error);
    return false;
  }
  return true;
}

Result<void> Writer::add_notes(const Batch& batch) {
  for (const auto& [line, witnessed] : batch.notes) {
    if (auto added = store_->add_trace(line, witnessed); !added) return added;
  }
  return {};
}

/// What is written beside the requests: the time, and old trace lines' end.
Result<void> Writer::ride_along(const Batch& batch) {
  const auto witnessed = batch.now.witnessed;
  if (time_written_ < milliseconds{0} || batch.last || witnessed - time_written_ >= kTimeEvery) {
    if (auto set = store_->set_time(batch.now); !set) return set;
    time_written_ = witnessed;
  }
  if (witnessed - pruned_ < kPruneEvery || witnessed <= batch.keep_trace) return {};
  const auto more = store_->prune_trace(witnessed - batch.keep_trace);
  if (!more) return std::unexpected(more.error());
  if (!*more) pruned_ = witnessed;
  return {};
}

/// Each request once more in a transaction of its own; the notes at last.
void Writer::do_alone(Batch& batch) {
  time_written_ = milliseconds{-1};  // it may have been rolled back
  for (const auto& request : batch.requests) {
    const auto done = attempt(std::span(&request, 1), batch, false);
    if (done) continue;
    judge(&done.error());
    request->fail(done.error());
  }
  if (batch.notes.empty()) return;
  if (attempt({}, batch, true)) return;
  give_back(std::move(batch.notes));
}

void Writer::give_back(std::deque<Note> notes) {
  const std::lock_guard lock(mutex_);
  std::ranges::move(notes_, std::back_inserter(notes));
  notes_ = std::move(notes);
  for (; notes_.size() > kMostNotes; lose_note()) notes_.pop_front();
  notes_due_ = std::chrono::steady_clock::now() + kNoteRetry;
}

/// Keeps what people are told in step with whether storage works.
void Writer::judge(const Error* error) {
  if (error == nullptr) {
    if (trouble_.empty()) return;
    trouble_.clear();
    log::info("spool.recovered", {});
    hooks_.trouble({});
    return;
  }
  if (trouble_ == error->reply.text) return;
  trouble_ = error->reply.text;
  log::error("spool.failing", {{"error", trouble_}, {"detail", error->detail}});
  hooks_.trouble(trouble_);
}

void Writer::tidy(bool busy) {
  const auto tidied = store_->tidy(busy);
  if (!tidied) log::warning("spool.checkpoint-failed", {{"error", tidied.error().reply.text}});
}

}  // namespace homeward::spool
