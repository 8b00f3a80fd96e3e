// The routes of the control interface over a house made of values. product.md 8
#include "proxy/control/routes.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/control/fake_house.hpp"

namespace homeward::control {
namespace {

namespace json = boost::json;
using test::FakeHouse;

constexpr const char* kId = "abcdefghjkmn";

struct Asked {
  unsigned status;
  json::value body;
  const json::value& operator[](const char* pointer) const { return body.at_pointer(pointer); }
};

net::HttpResponse ask_raw(FakeHouse& house, std::string method, std::string target) {
  net::asio::io_context context;
  net::HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.peer_uid = 1000;
  return test::await(context, answer(std::make_shared<const Services>(house.services()), std::move(request)));
}

Asked ask(FakeHouse& house, std::string method, std::string target) {
  const auto response = ask_raw(house, std::move(method), std::move(target));
  return {response.status, json::parse(response.body)};
}

TEST_CASE("routes: status tells of daemon, spool and accounts") {
  FakeHouse house;
  house.entries = {FakeHouse::entry("aaaaaaaaaaaa"), FakeHouse::entry("bbbbbbbbbbbb", spool::State::held)};
  house.entries[1].received.witnessed = std::chrono::minutes{1};  // older, but it does not wait
  house.facts.waiting = 1;
  house.facts.held = 1;
  house.facts.troubles = {"no room"};
  delivery::AccountStatus account;
  account.name = "home";
  account.address = "ann@isp.example";
  account.last_error = "login \xff refused";
  house.accounts = {account};
  const auto said = ask(house, "GET", "/v1/status");
  REQUIRE(said.status == 200);
  CHECK(said["/version"] == "0.2.0");
  CHECK(said["/since"] == "2001-09-09T01:46:40Z");
  CHECK(said["/listeners/0"] == "127.0.0.1:25");
  CHECK(said["/sessions"].to_number<int>() == 3);
  CHECK(said["/spool/waiting"].to_number<int>() == 1);
  CHECK(said["/oldest_waiting"] == "2001-09-09T01:46:40Z");  // a minute before now
  CHECK(said["/accounts/0/name"] == "home");
  CHECK(said["/accounts/0/last_error"] == "login ? refused");
  CHECK(said["/accounts/0/last_success"].is_null());
  CHECK(said["/troubles"] == json::array{"something is odd", "no room"});
  CHECK(said["/revision"].to_number<int>() == 7);
}

TEST_CASE("routes: status waits for a change, and no longer than was asked") {
  FakeHouse house;
  const auto took = [&](const std::string& target) {
    const auto begun = std::chrono::steady_clock::now();
    CHECK(ask(house, "GET", target).status == 200);
    return std::chrono::steady_clock::now() - begun;
  };
  CHECK(took("/v1/status?since=7&wait=1") >= std::chrono::milliseconds{900});
  CHECK(took("/v1/status?since=6&wait=10") < std::chrono::milliseconds{500});
  CHECK(took("/v1/status?since=7") < std::chrono::milliseconds{500});
}

TEST_CASE("routes: a change while somebody waits is told") {
  FakeHouse house;
  net::asio::io_context context;
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/v1/status?since=7&wait=20";
  const auto services = std::make_shared<const Services>(house.services());
  net::asio::steady_timer change(context, std::chrono::milliseconds{200});
  change.async_wait([&](auto) { house.revision = 8; });
  const auto begun = std::chrono::steady_clock::now();
  const auto response = test::await(context, answer(services, std::move(request)));
  CHECK(json::parse(response.body).at_pointer("/revision").to_number<int>() == 8);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{5});
}

TEST_CASE("routes: who waits and is gone is not waited for") {
  FakeHouse house;
  net::asio::io_context context;
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/v1/status?since=7&wait=20";
  request.peer_is_gone = [] { return true; };
  const auto begun = std::chrono::steady_clock::now();
  (void)test::await(context, answer(std::make_shared<const Services>(house.services()), std::move(request)));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{5});
}

TEST_CASE("routes: the queue is listed, filtered and paged") {
  FakeHouse house;
  house.entries = {FakeHouse::entry("aaaaaaaaaaaa"), FakeHouse::entry("bbbbbbbbbbbb")};
  const auto all = ask(house, "GET", "/v1/queue");
  REQUIRE(all.status == 200);
  CHECK(all["/messages/0/id"] == "aaaaaaaaaaaa");
  CHECK(all["/messages/1/state"] == "deferred");
  CHECK(all["/messages/0/from"] == "ann@isp.example");
  CHECK(all["/messages/0/recipients/0/address"] == "bob@y.example");
  CHECK(all["/messages/0/next_attempt"] == "2001-09-09T01:51:40Z");  // four minutes from now
  CHECK(all["/next"].is_null());
  CHECK_FALSE(house.last_query.state);

  const auto page = ask(house, "GET", "/v1/queue?state=held&account=home&after=aaaaaaaaaaaa&limit=1");
  CHECK(page["/next"] == "aaaaaaaaaaaa");
  CHECK(house.last_query.state == spool::State::held);
  CHECK(house.last_query.account == "home");
  CHECK(house.last_query.after == "aaaaaaaaaaaa");
  CHECK(house.last_query.limit == 1);
}

TEST_CASE("routes: a list shows the first recipients, a message all of them") {
  FakeHouse house;
  auto entry = FakeHouse::entry(kId);
  entry.recipients.resize(30, entry.recipients.front());
  entry.recipients[29].status = spool::Recipient::Status::refused;
  entry.recipients[29].last = smtp::make_reply(550, {5, 1, 1}, "no such user");
  house.entries = {entry};
  house.lines = {{kId, std::chrono::system_clock::from_time_t(1'000'000'000), "message.spooled", "to 30"}};
  const auto list = ask(house, "GET", "/v1/queue");
  CHECK(list["/messages/0/recipients"].as_array().size() == 10);
  CHECK(list["/messages/0/recipient_count"].to_number<int>() == 30);
  const auto one = ask(house, "GET", std::string("/v1/queue/") + kId);
  CHECK(one["/message/recipients"].as_array().size() == 30);
  CHECK(one["/message/recipients/29/status"] == "refused");
  CHECK(one["/message/recipients/29/reply/enhanced"] == "5.1.1");
  CHECK(one["/trace/0/event"] == "message.spooled");
}

TEST_CASE("routes: a trace may outlive its message") {
  FakeHouse house;
  house.lines = {
      {kId, std::chrono::system_clock::from_time_t(1'000'000'000), "message.delivered", "at once"}};
  const auto said = ask(house, "GET", std::string("/v1/trace/") + kId);
  REQUIRE(said.status == 200);
  CHECK(said["/message"].is_null());
  CHECK(said["/trace/0/text"] == "at once");
  CHECK(ask(house, "GET", "/v1/trace/unknown").status == 404);
}

TEST_CASE("routes: changes reach the runner and are answered") {
  struct Case {
    const char* target;
    const char* change;
  };
  const auto c = GENERATE(Case{"/v1/queue/abcdefghjkmn/retry", "retry abcdefghjkmn"},
                          Case{"/v1/queue/abcdefghjkmn/hold", "hold abcdefghjkmn"},
                          Case{"/v1/queue/abcdefghjkmn/release", "release abcdefghjkmn"},
                          Case{"/v1/queue/abcdefghjkmn/drop", "drop abcdefghjkmn"},
                          Case{"/v1/accounts/home/pause", "pause home"},
                          Case{"/v1/accounts/my%20home/resume", "resume my home"},
                          Case{"/v1/accounts/home/retry", "retry-account home"});
  FakeHouse house;
  CAPTURE(c.target);
  CHECK(ask(house, "GET", c.target).status == 405);
  CHECK(house.changes.empty());
  CHECK(ask(house, "POST", c.target).status == 200);
  CHECK(house.changes == std::vector<std::string>{c.change});
}

TEST_CASE("routes: what a person did to a message stands in its trace, with who it was") {
  FakeHouse house;
  CHECK(ask(house, "POST", "/v1/queue/abcdefghjkmn/drop").status == 200);
  const auto said = ask(house, "GET", "/v1/trace/abcdefghjkmn");
  CHECK(said["/trace/0/event"] == "control.drop");
  CHECK(said["/trace/0/text"] == "dropped, as user 1000 asked");
  house.change_fails = make_error(Fault::local, 451, {4, 3, 0}, "it is being sent");
  CHECK(ask(house, "POST", "/v1/queue/abcdefghjkmn/hold").status == 409);
  CHECK(house.lines.size() == 1);
}

TEST_CASE("routes: all is tried again, but for paused accounts") {
  FakeHouse house;
  house.accounts.resize(3);
  house.accounts[0].name = "home";
  house.accounts[1].name = "work";
  house.accounts[1].state = delivery::AccountState::paused;
  house.accounts[2].name = "club";
  CHECK(ask(house, "POST", "/v1/queue/retry").status == 200);
  CHECK(house.changes == std::vector<std::string>{"retry-account home", "retry-account club"});
}

TEST_CASE("routes: an error of the house has its own status, its words and a cure") {
  struct Case {
    int code;
    unsigned status;
  };
  const auto c = GENERATE(Case{550, 404}, Case{451, 409}, Case{452, 507});
  FakeHouse house;
  house.change_fails = make_error(Fault::local, c.code, {4, 3, 0}, "it \x1b[2Jis so");
  const auto said = ask(house, "POST", "/v1/queue/abcdefghjkmn/hold");
  CHECK(said.status == c.status);
  CHECK(said["/error"] == "it ?[2Jis so");
  CHECK_FALSE(said["/cure"].as_string().empty());
}

TEST_CASE("routes: what makes no sense is refused with what would be right") {
  struct Case {
    const char* method;
    const char* target;
    unsigned status;
  };
  const auto c = GENERATE(
      Case{"GET", "/", 404}, Case{"GET", "/v1", 404}, Case{"GET", "/v2/status", 404},
      Case{"GET", "/v1/none", 404}, Case{"GET", "/v1/status/more", 404}, Case{"GET", "nonsense", 400},
      Case{"GET", "/v1/queue?state=odd", 400}, Case{"GET", "/v1/queue?limit=0", 400},
      Case{"GET", "/v1/queue?limit=1001", 400}, Case{"GET", "/v1/queue?limit=-1", 400},
      Case{"GET", "/v1/status?since=x", 400}, Case{"GET", "/v1/status?since=7&wait=x", 400},
      Case{"GET", "/v1/queue/abc", 404}, Case{"GET", "/v1/queue/..%2f..", 404},
      Case{"POST", "/v1/queue/abc/none", 404}, Case{"POST", "/v1/queue/abc/hold/more", 404},
      Case{"POST", "/v1/accounts/home/none", 404}, Case{"POST", "/v1/accounts/home", 404},
      Case{"POST", "/v1/status", 405}, Case{"DELETE", "/v1/queue/abc", 405},
      Case{"GET", "/v1/queue/retry", 405}, Case{"POST", "/v1/accounts", 405}, Case{"POST", "/v1/queue", 405},
      Case{"GET", "/v1/queue/abc/content", 404}, Case{"POST", "/v1/queue/abc/content", 405},
      Case{"POST", "/v1/trace/abc", 405}, Case{"GET", "/v1/trace", 404});
  FakeHouse house;
  CAPTURE(c.method, c.target);
  const auto said = ask(house, c.method, c.target);
  CHECK(said.status == c.status);
  CHECK_FALSE(said["/error"].as_string().empty());
  CHECK(house.changes.empty());
}

TEST_CASE("routes: ids are completed") {
  FakeHouse house;
  house.entries = {FakeHouse::entry("aab"), FakeHouse::entry("abc")};
  CHECK(ask(house, "GET", "/v1/ids?prefix=ab")["/ids"] == json::array{"abc"});
  CHECK(ask(house, "GET", "/v1/ids")["/ids"] == json::array{"aab", "abc"});
  CHECK(ask(house, "GET", "/v1/ids?prefix=%2e%2e")["/ids"] == json::array{});
}

TEST_CASE("routes: content is handed out in parts, with its length") {
  FakeHouse house;
  house.entries = {FakeHouse::entry(kId)};
  house.content = std::string(200'000, 'x');
  auto response = ask_raw(house, "GET", std::string("/v1/queue/") + kId + "/content");
  REQUIRE(response.status == 200);
  CHECK(response.content_type == "message/rfc822");
  CHECK(response.length == house.content.size());
  REQUIRE(response.source);
  net::asio::io_context context;
  std::string all;
  while (true) {
    const auto part = test::await(context, response.source());
    REQUIRE(part);
    if (part->empty()) break;
    CHECK(part->size() <= 64 * 1024);
    all += *part;
  }
  CHECK(all == house.content);
}

}  // namespace
}  // namespace homeward::control
