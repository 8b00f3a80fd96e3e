// Access: who may connect, and how many at once. RFC 5321 §3.1 (554 greeting), product.md 4.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "conf/config.hpp"
#include "proxy/base/result.hpp"

namespace homeward::frontend {

/// Counts the open sessions, in all and per client.
class Access {
 public:
  /// A counted session; the count goes down when it goes.
  class Ticket {
   public:
    Ticket(Ticket&&) noexcept = default;
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(access_, other.access_);  // what was counted here goes with `other`
      std::swap(client_, other.client_);
      return *this;
    }
    ~Ticket();

   private:
    friend class Access;
    Ticket(std::shared_ptr<Access*> access, IpAddress client) : access_(std::move(access)), client_(client) {}
    std::shared_ptr<Access*> access_;  // empty when moved from; points to null when Access went first
    IpAddress client_;
  };

  Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;
  ~Access();

  /// Errors: 554 5.7.1 where the listener does not allow this client; 421 4.7.0 where there are too many.
  Result<Ticket> admit(const conf::Config& config, const conf::Listener& listener, const IpAddress& client);
  std::size_t open_sessions() const { return total_; }

 private:
  void leave(const IpAddress& client);

  std::size_t total_ = 0;
  std::map<IpAddress, std::size_t> per_client_;
  std::shared_ptr<Access*> self_;
};

}  // namespace homeward::frontend
