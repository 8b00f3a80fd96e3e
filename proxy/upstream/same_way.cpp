#include "proxy/upstream/same_way.hpp"

#include <tuple>
#include <variant>

namespace homeward::upstream {
namespace {

bool is_same(const Secret& one, const Secret& other) {
  return one.reveal() == other.reveal();
}

bool is_same(const std::shared_ptr<const ProxyServer>& one, const std::shared_ptr<const ProxyServer>& other) {
  if (one == other) return true;
  if (!one || !other) return false;
  const auto way = [](const ProxyServer& proxy) {
    return std::tie(proxy.kind, proxy.host, proxy.port, proxy.user);
  };
  return way(*one) == way(*other) && is_same(one->password, other->password);
}

struct SameSource {
  bool operator()(std::monostate, std::monostate) const { return true; }
  bool operator()(const conf::PasswordInline& one, const conf::PasswordInline& other) const {
    return one.secret == other.secret || is_same(*one.secret, *other.secret);
  }
  bool operator()(const conf::PasswordFile& one, const conf::PasswordFile& other) const {
    return one.path == other.path;
  }
  bool operator()(const conf::PasswordCommand& one, const conf::PasswordCommand& other) const {
    return one.command == other.command;
  }
  bool operator()(const conf::PasswordCredential& one, const conf::PasswordCredential& other) const {
    return one.name == other.name;
  }
  template <class One, class Other>
  bool operator()(const One&, const Other&) const {
    return false;
  }
};

auto settings(const conf::AccountConfig& account) {
  return std::tie(account.servers, account.tls_min, account.tls_ca, account.tls_pins, account.tls_certificate,
                  account.tls_key, account.login, account.authorization, account.mechanisms);
}

}  // namespace

bool goes_the_same_way(const conf::AccountConfig& one, const conf::AccountConfig& other) {
  if (&one == &other) return true;
  return settings(one) == settings(other) && is_same(one.proxy, other.proxy) &&
         std::visit(SameSource{}, one.password, other.password);
}

}  // namespace homeward::upstream
