// Which accounts may share a connection.
#include "proxy/upstream/same_way.hpp"

#include <functional>
#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

using conf::AccountConfig;

AccountConfig account() {
  AccountConfig account;
  account.servers = {{conf::Server::Form::ladder, "mail.isp.test", 0}};
  account.login = "ann";
  account.password = conf::PasswordInline{std::make_shared<const Secret>(Secret("pass"))};
  account.proxy = std::make_shared<const ProxyServer>(
      ProxyServer{ProxyServer::Kind::socks5, "proxy.test", 1080, "ann", Secret("word")});
  return account;
}

}  // namespace

TEST_CASE("upstream: accounts that were read twice from the same settings share a connection", "[upstream]") {
  auto later = account();
  later.retry = std::chrono::minutes(7);
  later.pool_size = 1;
  later.rules.name = "other words for it";
  CHECK(goes_the_same_way(account(), later));
}

TEST_CASE("upstream: whatever makes another login or another way makes another connection", "[upstream]") {
  const std::vector<std::function<void(AccountConfig&)>> changes{
      [](AccountConfig& other) { other.servers.front().host = "mail2.isp.test"; },
      [](AccountConfig& other) { other.servers.front().form = conf::Server::Form::smtps; },
      [](AccountConfig& other) { other.servers.clear(); },
      [](AccountConfig& other) { other.tls_min = conf::TlsVersion::tls_1_3; },
      [](AccountConfig& other) { other.tls_ca = "/ca.pem"; },
      [](AccountConfig& other) { other.tls_pins.emplace_back(); },
      [](AccountConfig& other) { other.tls_certificate = "/me.pem"; },
      [](AccountConfig& other) { other.tls_key = "/key.pem"; },
      [](AccountConfig& other) { other.login = "bob"; },
      [](AccountConfig& other) { other.authorization = "bob"; },
      [](AccountConfig& other) { other.mechanisms = {"PLAIN"}; },
      [](AccountConfig& other) {
        other.password = conf::PasswordInline{std::make_shared<const Secret>(Secret("Pass"))};
      },
      [](AccountConfig& other) { other.password = conf::PasswordFile{"/pass"}; },
      [](AccountConfig& other) { other.password = std::monostate{}; },
      [](AccountConfig& other) { other.proxy = nullptr; },
      [](AccountConfig& other) {
        other.proxy = std::make_shared<const ProxyServer>(
            ProxyServer{ProxyServer::Kind::socks5, "proxy.test", 1080, "ann", Secret("Word")});
      },
      [](AccountConfig& other) {
        other.proxy = std::make_shared<const ProxyServer>(
            ProxyServer{ProxyServer::Kind::http_connect, "proxy.test", 1080, "ann", Secret("word")});
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    auto other = account();
    changes[i](other);
    CHECK_FALSE(goes_the_same_way(account(), other));
    CHECK_FALSE(goes_the_same_way(other, account()));
  }
}

}  // namespace homeward::upstream::test
