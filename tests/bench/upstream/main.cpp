// bench_upstream: the submission server that scripts/bench measures against. It counts what reaches it and
// can be as far away as wanted. One thread. Prints its ports as one line of JSON:
//   plain, submission (STARTTLS), submissions (implicit TLS); with --rtt also far_plain, far_submission and
//   far_submissions: the same behind a link with that round trip (delay_line.hpp)
// then obeys its standard input, and ends with it:
//   take    prints the tally (tally.hpp) as one line of JSON and begins a new one
//   count   prints how many messages were accepted since
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdio>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "tests/bench/base64.hpp"
#include "tests/bench/upstream/delay_line.hpp"
#include "tests/bench/upstream/session.hpp"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using bench::Port;
using bench::Service;
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

struct Options {
  std::string certificate, key;
  std::string user = "ann", password = "secret";
  std::string address = "127.0.0.1";
  bool no_chunking = false;
  bool tls12 = false;
  unsigned rtt = 0;
  std::string slow;
  bench::FaultShares faults;
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("--certificate", options.certificate, "chain, PEM")->required();
  app.add_option("--key", options.key, "its key, PEM")->required();
  app.add_option("--user", options.user, "the one login");
  app.add_option("--password", options.password, "its password");
  app.add_option("--address", options.address, "to listen on");
  app.add_flag("--no-chunking", options.no_chunking, "does not offer BDAT");
  app.add_flag("--tls12", options.tls12, "TLS 1.2 alone (else 1.3 alone)");
  app.add_option("--rtt", options.rtt, "round trip of the far ports, ms");
  app.add_option("--temporary", options.faults.temporary, "share refused with 4yz when first tried");
  app.add_option("--permanent", options.faults.permanent, "share refused with 5yz");
  app.add_option("--slow", options.slow, "SHARE:MS, answers that come late");
  app.add_option("--seed", options.faults.seed, "of the shares");
}

void read_slow(Options& options) {
  if (options.slow.empty()) return;
  const auto colon = options.slow.find(':');
  if (colon == std::string::npos) throw CLI::ValidationError("--slow", "is SHARE:MS");
  options.faults.slow = std::stod(options.slow.substr(0, colon));
  options.faults.slow_by = std::chrono::milliseconds(std::stoul(options.slow.substr(colon + 1)));
}

asio::ssl::context make_tls(const Options& options) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  const int version = options.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(context.native_handle(), version);
  SSL_CTX_set_max_proto_version(context.native_handle(), version);
  context.use_certificate_chain_file(options.certificate);
  context.use_private_key_file(options.key, asio::ssl::context::pem);
  return context;
}

asio::awaitable<void> serve(tcp::socket socket, Port port, Service& service) {
  // On the heap: its buffer is large, and a coroutine's frame is copied to nowhere but shouldn't hold it.
  const auto session = std::make_unique<bench::Session>(std::move(socket), port, service);
  co_await session->run();
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, Port port, Service& service) {
  while (true) {
    auto [fault, socket] = co_await acceptor.async_accept(kNoThrow);
    if (fault == asio::error::operation_aborted) co_return;
    if (!fault)
      asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), port, service), asio::detached);
  }
}

asio::awaitable<void> accept_far(tcp::acceptor& acceptor, tcp::endpoint server,
                                 std::chrono::milliseconds rtt) {
  while (true) {
    auto [fault, socket] = co_await acceptor.async_accept(kNoThrow);
    if (fault == asio::error::operation_aborted) co_return;
    if (!fault)
      asio::co_spawn(acceptor.get_executor(), bench::carry_delayed(std::move(socket), server, rtt),
                     asio::detached);
  }
}

void tell(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

asio::awaitable<void> obey(asio::io_context& context, Service& service) {
  asio::posix::stream_descriptor input(context, ::dup(0));
  std::string buffer;
  while (true) {
    const auto [fault, size] =
        co_await asio::async_read_until(input, asio::dynamic_buffer(buffer), '\n', kNoThrow);
    if (fault) break;
    const auto command = buffer.substr(0, size - 1);
    buffer.erase(0, size);
    if (command == "take") {
      tell(service.tally.json());
      service.tally = {};
    } else if (command == "count") {
      tell(fmt::format("{}", service.tally.messages));
    } else {
      fmt::print(stderr, "bench_upstream: no command {}\n", command);
    }
  }
  context.stop();
}

/// The ports, each with a task that accepts there.
class Ports {
 public:
  Ports(asio::io_context& context, const std::string& address)
      : context_(context), any_port_(asio::ip::make_address(address), 0) {}

  void open(const std::string& name, Port port, std::chrono::milliseconds rtt, Service& service) {
    auto& near = listen(name);
    asio::co_spawn(context_, accept(near, port, service), asio::detached);
    if (rtt.count() == 0) return;
    auto& far = listen("far_" + name);
    asio::co_spawn(context_, accept_far(far, near.local_endpoint(), rtt), asio::detached);
  }
  std::string json() const { return "{" + told_ + "}"; }

 private:
  tcp::acceptor& listen(const std::string& name) {
    auto& acceptor = acceptors_.emplace_back(context_, any_port_);
    told_ += fmt::format("{}\"{}\": {}", told_.empty() ? "" : ", ", name, acceptor.local_endpoint().port());
    return acceptor;
  }

  asio::io_context& context_;
  tcp::endpoint any_port_;
  std::list<tcp::acceptor> acceptors_;  // a list: their tasks refer to them
  std::string told_;
};

int run(const Options& options) {
  asio::io_context context(1);
  auto tls = make_tls(options);
  const auto response = bench::base64('\0' + options.user + '\0' + options.password);
  Service service{tls, response, !options.no_chunking, bench::Faults(options.faults), {}};
  Ports ports(context, options.address);
  const std::chrono::milliseconds rtt(options.rtt);
  ports.open("plain", Port::plain, rtt, service);
  ports.open("submission", Port::submission, rtt, service);
  ports.open("submissions", Port::submissions, rtt, service);
  tell(ports.json());
  asio::co_spawn(context, obey(context, service), asio::detached);
  context.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The submission server that scripts/bench measures against");
  Options options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
    read_slow(options);
    return run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_upstream: {}\n", error.what());
    return 1;
  }
}
