// LoginGate: when a login may be tried. One that was refused is left alone for a while (attention), and one
// that is not known to work is tried once at a time, however many connections wait for it: so a wrong
// password is one refused login at the provider and not as many as there are clients. product.md 6, no
// lock-out.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "conf/config.hpp"
#include "proxy/net/task.hpp"
#include "proxy/upstream/attention.hpp"

namespace homeward::upstream {

/// An account and what keeps it alive.
struct Target {
  std::shared_ptr<const conf::Config> config;
  const conf::AccountConfig* account = nullptr;  ///< inside `config`
};

class LoginGate {
 private:
  struct Login;  // one way to log in, of whichever configurations have it

 public:
  /// The right to try. Whoever waits goes on when it ends.
  class Pass {
   public:
    Pass(LoginGate& gate, std::shared_ptr<Login> login, bool is_first);
    Pass(Pass&&) noexcept = default;
    Pass& operator=(Pass&&) = delete;
    ~Pass();
    void worked();
    /// To be told at once, before anything else is awaited.
    void refused(const Error& error);

   private:
    LoginGate* gate_;
    std::shared_ptr<Login> login_;  // shared with the others that try it or wait; null: moved from
    bool is_first_;
  };

  explicit LoginGate(net::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Waits until this login may be tried. Errors: why it may not be (fault login); canceled.
  net::Task<Pass> enter(Target target);
  /// Why the account's login, as it is set there, is not tried now; nothing where it may be.
  std::optional<Error> why_not(const conf::AccountConfig& account) const;
  /// A person says retry.
  void forgive(const std::string& account);
  /// Settings changed: what was refused, and what worked, may be otherwise now.
  void clear();
  std::size_t refused_accounts() const { return attention_.count(); }
  void on_refused(std::function<void(const std::string& account, const Error& cause)> tell) {
    tell_ = std::move(tell);
  }

 private:
  std::shared_ptr<Login> find(const conf::AccountConfig& account) const;

  net::asio::any_io_executor executor_;
  Attention attention_;
  std::list<std::shared_ptr<Login>> logins_;
  std::uint64_t made_ = 0;
  std::function<void(const std::string&, const Error&)> tell_;
};

}  // namespace homeward::upstream
