// When a login may be tried: one at a time until it is known to work, not at all for a while once refused.
#include "proxy/upstream/login_gate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace homeward::upstream::test {
namespace {

namespace asio = net::asio;

std::shared_ptr<const conf::Config> settings(const std::string& password) {
  auto config = std::make_shared<conf::Config>();
  conf::AccountConfig account;
  account.rules.name = "home";
  account.login = "ann";
  account.password = conf::PasswordInline{std::make_shared<const Secret>(Secret(std::string(password)))};
  config->accounts.push_back(std::move(account));
  return config;
}

struct House {
  void come(const std::shared_ptr<const conf::Config>& config) {
    asio::co_spawn(context, enter({config, &config->accounts.front()}), asio::detached);
    settle();
  }
  void settle() {
    context.restart();
    context.poll();
  }
  asio::awaitable<void> enter(Target target) {
    auto pass = co_await gate.enter(std::move(target));
    if (pass)
      in.push_back(std::move(*pass));
    else
      refused.push_back(pass.error().reply.text);
  }
  void leave() {
    std::vector<LoginGate::Pass> kept;
    for (std::size_t i = 1; i < in.size(); ++i) kept.push_back(std::move(in[i]));
    in.swap(kept);
    kept.clear();
    settle();
  }

  asio::io_context context;
  LoginGate gate{context.get_executor()};
  std::vector<LoginGate::Pass> in;
  std::vector<std::string> refused;
};

const auto kWrong = make_error(Fault::login, 451, {4, 7, 0}, "wrong password");

}  // namespace

TEST_CASE("upstream: of many who come with a password that nobody has tried one tries it", "[upstream]") {
  House house;
  const auto config = settings("guess");
  for (int i = 0; i < 5; ++i) house.come(config);
  REQUIRE(house.in.size() == 1);
  house.in.front().refused(kWrong);
  house.leave();
  CHECK(house.in.empty());
  CHECK(house.refused == std::vector<std::string>(4, "wrong password"));
  house.come(config);
  CHECK(house.refused.size() == 5);
}

TEST_CASE("upstream: once a login has worked nobody waits for another", "[upstream]") {
  House house;
  const auto config = settings("right");
  for (int i = 0; i < 3; ++i) house.come(config);
  REQUIRE(house.in.size() == 1);
  house.in.front().worked();
  house.leave();
  CHECK(house.in.size() == 2);
  house.come(config);
  CHECK(house.in.size() == 3);
}

TEST_CASE("upstream: a try that came to nothing gives its turn to the next", "[upstream]") {
  House house;
  const auto config = settings("right");
  for (int i = 0; i < 3; ++i) house.come(config);
  house.leave();
  CHECK(house.in.size() == 1);
  house.leave();
  CHECK(house.in.size() == 1);
}

TEST_CASE(
    "upstream: a refused password stands neither in the way of another one nor is tried again beside it",
    "[upstream]") {
  House house;
  const auto old = settings("old");
  const auto mended = settings("mended");
  house.come(old);
  house.in.front().refused(kWrong);
  house.leave();
  house.come(mended);
  REQUIRE(house.in.size() == 1);
  house.in.front().worked();
  house.come(old);
  CHECK(house.refused.size() == 1);
  CHECK_FALSE(house.gate.why_not(mended->accounts.front()));
  CHECK(house.gate.why_not(old->accounts.front()));
  house.gate.forgive("home");
  CHECK_FALSE(house.gate.why_not(old->accounts.front()));
}

TEST_CASE("upstream: what is refused after the settings changed is nobody's any more", "[upstream]") {
  House house;
  const auto config = settings("old");
  house.come(config);
  house.gate.clear();
  house.in.front().refused(kWrong);
  house.leave();
  CHECK(house.gate.refused_accounts() == 0);
  house.come(config);
  CHECK(house.in.size() == 1);
}

}  // namespace homeward::upstream::test
