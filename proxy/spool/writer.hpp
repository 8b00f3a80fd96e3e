// Writer: the one thread that uses the store. It takes all requests that wait, does them in one transaction,
// commits once, and hands all answers back together: many messages share one sync of the disk. Where that
// fails, each request is done once more alone, so that one which needs too much room spoils no other.
// Trace lines ride along with the next transaction; where none comes, they get their own after kNoteDelay.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "proxy/spool/request.hpp"
#include "proxy/spool/store.hpp"

namespace homeward::spool {

class Writer {
 public:
  using Requests = std::vector<std::shared_ptr<Request>>;  // shared with who waits for the answer
  struct Hooks {                                           ///< all called on the writer's thread
    std::function<void(Requests)> answer;
    std::function<void(std::string)> trouble;  ///< storage began to fail (words), or ceased to (empty)
    std::function<void(const std::vector<std::string>&)> remove_files;  ///< after each transaction
  };

  Writer(std::unique_ptr<Store> store, Hooks hooks, std::chrono::milliseconds keep_trace,
         const TimeRecord& now);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { close(std::nullopt); }

  void put(std::shared_ptr<Request> request, const TimeRecord& now);
  void note(TraceLine line, const TimeRecord& now);
  void set_keep_trace(std::chrono::milliseconds time);
  /// Does all that was put, writes the time down where something waits, and ends the thread.
  void close(const std::optional<TimeRecord>& now);

 private:
  struct Note {
    TraceLine line;
    std::chrono::milliseconds witnessed;
  };
  /// What the thread takes at once.
  struct Batch {
    Requests requests;
    std::deque<Note> notes;
    TimeRecord now;
    std::chrono::milliseconds keep_trace{0};
    bool last = false;
  };

  void run();
  Batch next();
  bool notes_due() const;
  void lose_note();
  void carry_out(Batch batch);
  Result<void> attempt(std::span<const std::shared_ptr<Request>> requests, Batch& batch, bool with_notes);
  bool run_part(Request& request, Part& part);
  Result<void> add_notes(const Batch& batch);
  Result<void> ride_along(const Batch& batch);
  void do_alone(Batch& batch);
  void give_back(std::deque<Note> notes);
  void judge(const Error* error);
  void tidy(bool busy);

  const std::unique_ptr<Store> store_;
  const Hooks hooks_;

  std::mutex mutex_;
  std::condition_variable wake_;
  // Under the mutex:
  Requests queue_;
  std::deque<Note> notes_;
  std::uint64_t notes_lost_ = 0;
  std::chrono::steady_clock::time_point notes_due_;
  TimeRecord now_;
  std::chrono::milliseconds keep_trace_;
  bool closing_ = false;

  // The thread's own:
  std::string trouble_;
  std::chrono::milliseconds time_written_{-1};
  std::chrono::milliseconds pruned_{0};
  std::vector<std::string> gone_;  ///< files to be removed after the transaction
  std::thread thread_;             // last: it uses all of the above
};

}  // namespace homeward::spool
