// A name server on loopback that knows one name, and answers for each family as a test wants: addresses, a
// code, or never. RFC 1035 §4.1.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/net/task.hpp"

namespace homeward::net::test {

class FakeDns {
 public:
  struct Answer {
    std::vector<std::string> addresses;
    int code = 0;  ///< RCODE: 2 SERVFAIL, 3 NXDOMAIN
  };

  /// A family that is not given is never answered for.
  FakeDns(asio::io_context& context, std::optional<Answer> v4, std::optional<Answer> v6)
      : state_(std::make_shared<State>(context)) {
    if (v4) state_->answers.emplace(kA, *std::move(v4));
    if (v6) state_->answers.emplace(kAaaa, *std::move(v6));
    serve(state_);
  }
  FakeDns(const FakeDns&) = delete;
  FakeDns& operator=(const FakeDns&) = delete;
  ~FakeDns() {
    boost::system::error_code ignored;
    state_->socket.close(ignored);
  }

  std::string server() const { return "127.0.0.1:" + std::to_string(state_->socket.local_endpoint().port()); }

 private:
  static constexpr unsigned kA = 1;
  static constexpr unsigned kAaaa = 28;

  struct State {
    explicit State(asio::io_context& context) : socket(context, {asio::ip::address_v4::loopback(), 0}) {}
    asio::ip::udp::socket socket;
    asio::ip::udp::endpoint from;
    std::array<char, 512> query{};
    std::map<unsigned, Answer> answers;
  };

  static void serve(const std::shared_ptr<State>& state) {
    state->socket.async_receive_from(asio::buffer(state->query), state->from,
                                     [state](const boost::system::error_code& fault, std::size_t size) {
                                       if (fault) return;
                                       const auto reply = answer(*state, {state->query.data(), size});
                                       boost::system::error_code ignored;
                                       if (!reply.empty())
                                         state->socket.send_to(asio::buffer(reply), state->from, 0, ignored);
                                       serve(state);
                                     });
  }

  static void put16(std::string& out, unsigned value) {
    out += static_cast<char>(value >> 8U);
    out += static_cast<char>(value & 0xffU);
  }

  static std::string answer(const State& state, const std::string& query) {
    auto end = std::size_t{12};
    while (end < query.size() && query[end] != 0) end += static_cast<unsigned char>(query[end]) + 1U;
    if (end + 5 > query.size()) return {};
    const unsigned kind = static_cast<unsigned char>(query[end + 2]);
    const auto found = state.answers.find(kind);
    if (found == state.answers.end()) return {};
    const auto& [addresses, code] = found->second;
    std::string out = query.substr(0, 2);
    put16(out, 0x8180U | static_cast<unsigned>(code));
    put16(out, 1);
    put16(out, static_cast<unsigned>(addresses.size()));
    put16(out, 0);
    put16(out, 0);
    out += query.substr(12, end + 5 - 12);
    for (const auto& text : addresses) {
      const auto address = *IpAddress::parse(text);
      const std::size_t size = address.is_v4() ? 4 : 16;
      put16(out, 0xc00c);  // the name that was asked for
      put16(out, kind);
      put16(out, 1);
      put16(out, 0);
      put16(out, 60);
      put16(out, static_cast<unsigned>(size));
      out.append(reinterpret_cast<const char*>(address.bytes().data()), size);
    }
    return out;
  }

  std::shared_ptr<State> state_;  // shared with the handler that waits
};

}  // namespace homeward::net::test
