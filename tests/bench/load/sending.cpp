#include "tests/bench/load/sending.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <barrier>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/load/percentile.hpp"

namespace bench {
namespace {

struct Results {
  std::vector<double>
      connect;  ///< from before the connecting to the final reply, where it was made for this message
  std::vector<double> transaction;  ///< from MAIL
  std::vector<double> dot;          ///< from the last octet of the content
  std::vector<std::pair<std::string, int>> refused;
};

/// One client's thread.
class Worker {
 public:
  Worker(const Sending& what, SSL_CTX* context, std::size_t number) : what_(what), context_(context) {
    letters_.reserve(what.messages);
    for (std::size_t i = 0; i < what.messages; ++i)
      letters_.push_back(make_letter(fmt::format("{}.{}.{}", what.run, number, i), what.octets));
  }

  void run(std::barrier<>& all) {
    if (!what_.from_connect) connect();
    all.arrive_and_wait();
    for (const auto& letter : letters_) send(letter);
    all.arrive_and_wait();
    if (client_) client_->quit();
  }

  Results results;

 private:
  void connect() {
    opened_ = Clock::now();
    client_.emplace(what_.door, context_);
  }

  void send(const Letter& letter) {
    const bool fresh = !client_;
    if (fresh) connect();
    const auto sent = client_->send(letter);
    if (sent.code != 250) {
      if (!what_.may_refuse)
        throw std::runtime_error(fmt::format("{} was refused: {}", letter.id, sent.code));
      results.refused.emplace_back(letter.id, sent.code);
    } else {
      if (fresh) results.connect.push_back(Microseconds(sent.ended - opened_).count());
      results.transaction.push_back(Microseconds(sent.ended - sent.began).count());
      results.dot.push_back(Microseconds(sent.ended - sent.written).count());
    }
    if (what_.each) {
      client_->quit();
      client_.reset();
    }
  }

  const Sending& what_;
  SSL_CTX* context_;
  std::vector<Letter> letters_;
  std::optional<Client> client_;
  Clock::time_point opened_;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void append(std::vector<double>& to, const std::vector<double>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

Results sum_of(const std::vector<std::unique_ptr<Worker>>& workers) {
  Results sum;
  for (const auto& worker : workers) {
    append(sum.connect, worker->results.connect);
    append(sum.transaction, worker->results.transaction);
    append(sum.dot, worker->results.dot);
    sum.refused.insert(sum.refused.end(), worker->results.refused.begin(), worker->results.refused.end());
  }
  return sum;
}

void print(const Results& sum, Clock::time_point began, double seconds, double cpu) {
  fmt::print(
      R"({{"messages": {}, "began": {:.6f}, "seconds": {:.6f}, "per_second": {:.1f}, "cpu_seconds": {:.4f})",
      sum.dot.size(), std::chrono::duration<double>(began.time_since_epoch()).count(), seconds,
      static_cast<double>(sum.dot.size()) / seconds, cpu);
  const std::pair<const char*, const std::vector<double>*> times[] = {
      {"connect_", &sum.connect}, {"", &sum.transaction}, {"dot_", &sum.dot}};
  for (const auto& [name, values] : times)
    fmt::print(R"(, "{}p50_us": {:.1f}, "{}p99_us": {:.1f})", name, percentile(*values, 0.5), name,
               percentile(*values, 0.99));
  std::string refused;
  for (const auto& [id, code] : sum.refused)
    refused += fmt::format("{}\"{}\": {}", refused.empty() ? "" : ", ", id, code);
  fmt::print(", \"refused\": {{{}}}}}\n", refused);
}

}  // namespace

void send_all(const Sending& what) {
  const auto context = make_tls_context(what.door);
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < what.clients; ++i)
    workers.push_back(std::make_unique<Worker>(what, context.get(), i));
  std::barrier all(static_cast<std::ptrdiff_t>(what.clients) + 1);
  std::vector<std::jthread> threads;
  for (auto& worker : workers) {
    threads.emplace_back([&all, &worker] {
      try {
        worker->run(all);
      } catch (const std::exception& error) {
        fmt::print(stderr, "bench_load: {}\n", error.what());
        std::_Exit(1);  // a figure with a part missing is none
      }
    });
  }
  all.arrive_and_wait();
  const auto began = Clock::now();
  const auto cpu = cpu_seconds();
  all.arrive_and_wait();
  const auto seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const auto used = cpu_seconds() - cpu;
  threads.clear();
  print(sum_of(workers), began, seconds, used);
}

}  // namespace bench
