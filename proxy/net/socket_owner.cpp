#include "proxy/net/socket_owner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include "proxy/base/text.hpp"

namespace homeward::net {
namespace {

constexpr std::uint32_t kSequence = 1;    // one question, one socket
constexpr timeval kPatience{2, 0};        // the kernel answers at once
constexpr std::uint32_t kLoopback = 1;    // its index in every network namespace
constexpr std::uint32_t kNobody = 65534;  // as whom the kernel shows users of another namespace
constexpr std::size_t kLargestTable = 32UL << 20U;
constexpr std::size_t kBlock = 64UL * 1024;

Error trouble(std::string text) {
  return make_error(Fault::local, 451, {4, 3, 0}, std::move(text));
}

Error system_trouble(std::string_view what, int number) {
  return trouble(fmt::format("{}: {}", what, std::generic_category().message(number)));
}

Error no_such_connection() {
  return trouble("the client has closed it already");
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  bool is_open() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_;
};

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

/// For the one socket whose own end is the client's. One of IPv6 that speaks IPv4 is found as IPv4 too.
Question question_for(const ConnectionEnds& ends) {
  Question question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_seq = kSequence;
  auto& request = question.request;
  request.sdiag_family = ends.client.is_v4() ? AF_INET : AF_INET6;
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  request.id.idiag_sport = htons(ends.client_port);
  request.id.idiag_dport = htons(ends.server_port);
  const std::size_t length = ends.client.is_v4() ? 4 : 16;
  std::memcpy(&request.id.idiag_src, ends.client.bytes().data(), length);
  std::memcpy(&request.id.idiag_dst, ends.server.bytes().data(), length);
  request.id.idiag_if = kLoopback;
  request.id.idiag_cookie[0] = request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return question;
}

Result<SocketFacts> ask_kernel(const ConnectionEnds& ends) {
  const Descriptor link(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!link.is_open()) return std::unexpected(system_trouble("netlink", errno));
  (void)::setsockopt(link.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  const auto question = question_for(ends);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(link.get(), &question, sizeof question, 0, reinterpret_cast<const sockaddr*>(&kernel),
               sizeof kernel) < 0)
    return std::unexpected(system_trouble("netlink", errno));
  std::array<char, 8192> datagram{};
  sockaddr_nl sender{};
  socklen_t length = sizeof sender;
  const auto size = ::recvfrom(link.get(), datagram.data(), datagram.size(), 0,
                               reinterpret_cast<sockaddr*>(&sender), &length);
  if (size < 0) return std::unexpected(system_trouble("netlink", errno));
  if (sender.nl_pid != 0) return std::unexpected(trouble("netlink: an answer that is not the kernel's"));
  return parse_answer({datagram.data(), static_cast<std::size_t>(size)}, kSequence);
}

Result<std::string> read_table(const char* path) {
  const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return std::unexpected(system_trouble(path, errno));
  std::string text;
  while (text.size() < kLargestTable) {
    const auto before = text.size();
    text.resize(before + kBlock);
    const auto size = ::read(file.get(), text.data() + before, kBlock);
    if (size < 0) return std::unexpected(system_trouble(path, errno));
    text.resize(before + static_cast<std::size_t>(size));
    if (size == 0) return text;
  }
  return text;  // who stands further back isn't found
}

/// As the kernel prints an address: each 32 bits as the machine reads them.
std::string printed(const IpAddress& address, bool as_v6) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  std::size_t length = address.is_v4() ? 4 : 16;
  if (address.is_v4() && as_v6) {
    const auto v4 = bytes;
    bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, v4[0], v4[1], v4[2], v4[3]};
    length = 16;
  }
  std::string text;
  for (std::size_t i = 0; i < length; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    text += fmt::format("{:08X}", word);
  }
  return text;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What stands behind the two addresses: st tx:rx tr:when retrnsmt uid timeout inode …
std::optional<SocketFacts> parse_row(std::string_view rest) {
  const auto fields = text::split(rest.substr(0, rest.find('\n')), ' ');
  if (fields.size() < 7) return std::nullopt;
  const auto state = number<std::uint8_t>(fields[0], 16);
  const auto user = number<std::uint32_t>(fields[4], 10);
  const auto inode = number<std::uint64_t>(fields[6], 10);
  if (!state || !user || !inode) return std::nullopt;
  return SocketFacts{*state, *user, *inode};
}

/// False in a user namespace that does not hold every user: there, user 65534 may be anybody.
bool sees_every_user() {
  const auto map = read_table("/proc/self/uid_map");
  if (!map) return false;
  const auto fields = text::split(std::string_view(*map).substr(0, map->find('\n')), ' ');
  return fields.size() == 3 && fields[0] == "0" && fields[1] == "0" && fields[2] == "4294967295";
}

}  // namespace

Result<SocketFacts> parse_answer(std::span<const char> datagram, std::uint32_t sequence) {
  nlmsghdr header{};
  const auto garbled = [] { return std::unexpected(trouble("netlink: an answer that makes no sense")); };
  if (datagram.size() < sizeof header) return garbled();
  std::memcpy(&header, datagram.data(), sizeof header);
  if (header.nlmsg_len > datagram.size() || header.nlmsg_seq != sequence) return garbled();
  const auto payload = datagram.subspan(sizeof header);
  const auto length = header.nlmsg_len - std::min<std::size_t>(header.nlmsg_len, sizeof header);
  if (header.nlmsg_type == NLMSG_ERROR && length >= sizeof(int)) {
    int code = 0;
    std::memcpy(&code, payload.data(), sizeof code);
    return std::unexpected(system_trouble("netlink", -code));
  }
  inet_diag_msg message{};
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || length < sizeof message) return garbled();
  std::memcpy(&message, payload.data(), sizeof message);
  return SocketFacts{message.idiag_state, message.idiag_uid, message.idiag_inode};
}

Result<SocketFacts> find_row(std::string_view table, const ConnectionEnds& ends) {
  std::optional<SocketFacts> found;
  for (const bool as_v6 : {false, true}) {
    const auto wanted = fmt::format(" {}:{:04X} {}:{:04X} ", printed(ends.client, as_v6), ends.client_port,
                                    printed(ends.server, as_v6), ends.server_port);
    for (auto at = table.find(wanted); at != std::string_view::npos; at = table.find(wanted, at + 1)) {
      const auto facts = parse_row(table.substr(at + wanted.size()));
      if (facts && owner_of(*facts)) return *facts;
      if (facts) found = facts;
    }
  }
  if (!found) return std::unexpected(no_such_connection());
  return *found;
}

Result<std::uint32_t> owner_of(const SocketFacts& facts) {
  const bool is_whole = facts.state == TCP_ESTABLISHED || facts.state == TCP_FIN_WAIT1 ||
                        facts.state == TCP_FIN_WAIT2 || facts.state == TCP_CLOSE_WAIT;
  if (!is_whole || facts.inode == 0) return std::unexpected(no_such_connection());
  return facts.user;
}

Result<std::uint32_t> socket_owner_from_tables(const ConnectionEnds& ends) {
  auto last = no_such_connection();
  for (const auto* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    const auto table = read_table(path);
    if (!table) {
      last = table.error();
      continue;
    }
    if (const auto facts = find_row(*table, ends)) return owner_of(*facts);
  }
  return std::unexpected(std::move(last));
}

Result<std::uint32_t> socket_owner(const ConnectionEnds& ends) {
  const auto facts = ask_kernel(ends);
  // "No such file" means no such socket, or no such module: the tables know.
  auto owner = facts ? owner_of(*facts) : socket_owner_from_tables(ends);
  if (owner && *owner == kNobody && !sees_every_user())
    return std::unexpected(trouble("its user is none of this container's"));
  return owner;
}

}  // namespace homeward::net
