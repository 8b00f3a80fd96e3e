// Mailbox: where coroutines of the network thread wait for answers of the writer's thread. Who waits holds a
// place, and the place is in his own frame: if the frame goes (canceled, or with its event loop), so does the
// place, and the answer finds nobody. All of it belongs to the network thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/net/offload.hpp"
#include "proxy/spool/request.hpp"
#include "proxy/spool/writer.hpp"

namespace homeward::spool {

class Mailbox {
 public:
  class Place {
   public:
    Place(std::shared_ptr<Mailbox> mailbox, const net::asio::any_io_executor& executor, std::uint64_t ticket)
        : mailbox_(std::move(mailbox)), ticket_(ticket), timer_(executor) {
      timer_.expires_at(net::asio::steady_timer::time_point::max());
      mailbox_->places_.emplace(ticket_, this);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { mailbox_->places_.erase(ticket_); }

    net::asio::steady_timer& timer() { return timer_; }
    bool has_arrived() const { return arrived_; }
    void arrive() {
      arrived_ = true;
      timer_.expires_at(net::asio::steady_timer::time_point::min());  // who comes to wait later doesn't
    }

   private:
    std::shared_ptr<Mailbox> mailbox_;  // shared: the spool may go before who waits
    std::uint64_t ticket_;
    net::asio::steady_timer timer_;
    bool arrived_ = false;
  };

  void arrived(const Writer::Requests& requests) {
    for (const auto& request : requests) {
      const auto place = places_.find(request->ticket());
      if (place != places_.end()) place->second->arrive();
    }
  }
  enum class Trouble : std::uint8_t { storage, room };
  /// Words of one kind of trouble; empty: it is over.
  void trouble(Trouble kind, std::string words) {
    auto& now = kind == Trouble::storage ? storage_ : room_;
    if (now == words) return;
    now = std::move(words);
    if (tell_) tell_(trouble());
  }
  const std::string& trouble() const { return storage_.empty() ? room_ : storage_; }
  void on_trouble(std::function<void(std::string_view)> tell) { tell_ = std::move(tell); }

 private:
  std::unordered_map<std::uint64_t, Place*> places_;
  std::string storage_;
  std::string room_;
  std::function<void(std::string_view)> tell_;
};

/// The answer of `ask`, which was put after the place was taken.
template <class T>
net::Task<T> answer_of(std::unique_ptr<Mailbox::Place> place, std::shared_ptr<Ask<T>> ask) {
  co_await place->timer().async_wait(net::kNoThrow);
  if (!place->has_arrived()) {
    co_return std::unexpected(
        make_error(Fault::canceled, 451, {4, 3, 0}, "stopped while the spool was at work"));
  }
  co_return ask->take();
}

}  // namespace homeward::spool
