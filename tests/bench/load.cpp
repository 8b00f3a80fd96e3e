// bench_load: the load of scripts/bench, with as little of its own as can be: blocking sockets, a thread for
// each client, all buffers made before the clock runs. Prints one line of JSON.
//   bench_load send PORT CLIENTS MESSAGES OCTETS   each client sends its messages over one connection
//   bench_load sync DIRECTORY FILES OCTETS         a new file, written and synced; then its folder, too
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

double part(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

/// A plain SMTP client that waits for each reply.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int on = 1;
    if (::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
    expect(220);
    say("EHLO bench.test\r\n", 250);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  void say(std::string_view octets, int code) {
    write(octets);
    expect(code);
  }

  void write(std::string_view octets) {
    while (!octets.empty()) {
      const auto sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0) fail("send");
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Reads up to the end of one reply.
  void expect(int code) {
    std::string reply;
    std::size_t line = 0;
    while (true) {
      const auto end = reply.find('\n', line);
      if (end == std::string::npos) {
        char buffer[4096];
        const auto size = ::recv(socket_, &buffer[0], sizeof buffer, 0);
        if (size <= 0) fail("recv");
        reply.append(&buffer[0], static_cast<std::size_t>(size));
        continue;
      }
      if (reply.size() > line + 3 && reply[line + 3] != '-') break;
      line = end + 1;
    }
    if (!reply.starts_with(std::to_string(code)))
      throw std::runtime_error(fmt::format("got {}, not {}", reply, code));
  }

 private:
  int socket_;
};

struct Times {
  std::vector<double> transaction;  ///< MAIL to the final 250
  std::vector<double> dot;          ///< the last octet of the content to the final 250
};

/// A message of about so many octets with a dot behind it; `number` makes it like no other.
std::string message(std::size_t octets, std::size_t client) {
  auto text = fmt::format(
      "From: <ann@provider.test>\r\nTo: <bob@provider.test>\r\nSubject: bench {}\r\n"
      "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{}.0000000@bench.test>\r\n\r\n",
      client, client);
  while (text.size() < octets) text += std::string(76, static_cast<char>('a' + text.size() % 26)) + "\r\n";
  return text + ".\r\n";
}

Times run_client(std::uint16_t port, std::size_t number, std::size_t messages, std::size_t octets,
                 std::barrier<>& all) {
  Client client(port);
  auto content = message(octets, number);
  const auto serial = content.find(".0000000@") + 1;
  Times times;
  times.transaction.reserve(messages);
  times.dot.reserve(messages);
  all.arrive_and_wait();
  for (std::size_t i = 0; i < messages; ++i) {
    content.replace(serial, 7, fmt::format("{:07}", i));
    const auto began = Clock::now();
    client.say("MAIL FROM:<ann@provider.test>\r\n", 250);
    client.say("RCPT TO:<bob@provider.test>\r\n", 250);
    client.say("DATA\r\n", 354);
    client.write(content);
    const auto written = Clock::now();
    client.expect(250);
    const auto ended = Clock::now();
    times.transaction.push_back(Microseconds(ended - began).count());
    times.dot.push_back(Microseconds(ended - written).count());
  }
  all.arrive_and_wait();
  client.say("QUIT\r\n", 221);
  return times;
}

void send(std::uint16_t port, std::size_t clients, std::size_t messages, std::size_t octets) {
  std::barrier all(static_cast<std::ptrdiff_t>(clients) + 1);
  std::vector<Times> times(clients);
  std::vector<std::jthread> threads;
  threads.reserve(clients);
  for (std::size_t i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      try {
        times[i] = run_client(port, i, messages, octets, all);
      } catch (const std::exception& error) {
        fmt::print(stderr, "client {}: {}\n", i, error.what());
        std::_Exit(1);  // a figure with a part missing is none
      }
    });
  }
  all.arrive_and_wait();
  const auto began = Clock::now();
  all.arrive_and_wait();
  const auto took = std::chrono::duration<double>(Clock::now() - began).count();
  threads.clear();
  Times sum;
  for (const auto& one : times) {
    sum.transaction.insert(sum.transaction.end(), one.transaction.begin(), one.transaction.end());
    sum.dot.insert(sum.dot.end(), one.dot.begin(), one.dot.end());
  }
  fmt::print(
      R"({{"messages": {}, "seconds": {:.6f}, "per_second": {:.1f}, "p50_us": {:.1f}, "p99_us": {:.1f}, )",
      sum.dot.size(), took, static_cast<double>(sum.dot.size()) / took, part(sum.transaction, 0.5),
      part(sum.transaction, 0.99));
  fmt::print("\"dot_p50_us\": {:.1f}, \"dot_p99_us\": {:.1f}}}\n", part(sum.dot, 0.5), part(sum.dot, 0.99));
}

void sync(const std::filesystem::path& directory, std::size_t files, std::size_t octets) {
  const std::string content(octets, 'x');
  const int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail(directory.native());
  std::vector<double> file_times;
  std::vector<double> both_times;
  for (std::size_t i = 0; i < files; ++i) {
    const auto name = fmt::format("bench-sync-{}", i);
    const auto began = Clock::now();
    const int file = ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) fail(name);
    if (::write(file, content.data(), octets) != static_cast<ssize_t>(octets)) fail("write");
    if (::fsync(file) != 0) fail("fsync");
    file_times.push_back(Microseconds(Clock::now() - began).count());
    if (::fsync(folder) != 0) fail("fsync of the folder");
    both_times.push_back(Microseconds(Clock::now() - began).count());
    ::close(file);
  }
  for (std::size_t i = 0; i < files; ++i) ::unlinkat(folder, fmt::format("bench-sync-{}", i).c_str(), 0);
  ::close(folder);
  fmt::print("{{\"files\": {}, \"file_p50_us\": {:.1f}, \"file_and_folder_p50_us\": {:.1f}}}\n", files,
             part(file_times, 0.5), part(both_times, 0.5));
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0)
    throw std::runtime_error(fmt::format("{} is no number", text));
  return value;
}

int run(std::span<const std::string_view> arguments) {
  if (arguments.size() == 5 && arguments[0] == "send") {
    send(static_cast<std::uint16_t>(number(arguments[1])), number(arguments[2]), number(arguments[3]),
         number(arguments[4]));
    return 0;
  }
  if (arguments.size() == 4 && arguments[0] == "sync") {
    sync(arguments[1], number(arguments[2]), number(arguments[3]));
    return 0;
  }
  fmt::print(stderr, "usage: bench_load send PORT CLIENTS MESSAGES OCTETS | sync DIRECTORY FILES OCTETS\n");
  return 64;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_load: {}\n", error.what());
    return 1;
  }
}
