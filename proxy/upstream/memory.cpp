#include "proxy/upstream/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>

#include "auth/mechanism_choice.hpp"
#include "proxy/base/text.hpp"

namespace homeward::upstream {
namespace {

constexpr std::string_view kForm = "homeward-memory 1";
constexpr std::size_t kMaxWord = 255;
constexpr std::size_t kDigestDigits = 16;
constexpr std::size_t kMaxVersion = 16;
constexpr std::size_t kMaxMechanism = 32;

using Words = std::vector<std::string_view>;

Words split_at_tabs(std::string_view line) {
  Words words;
  while (true) {
    const auto tab = line.find('\t');
    words.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return words;
    line.remove_prefix(tab + 1);
  }
}

/// A name that may stand in the file and, later, in a sentence.
bool is_word(std::string_view word) {
  return !word.empty() && word.size() <= kMaxWord && !text::has_control(word) && text::is_valid_utf8(word);
}

bool is_digest(std::string_view word) {
  return word.size() == kDigestDigits && word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <class Number>
std::optional<Number> number(std::string_view digits) {
  Number value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// "TLSv1.2" stands before "TLSv1.3".
bool is_weaker(const Strength& now, const Strength& before, bool is_choice_ours) {
  return now.tls < before.tls || (is_choice_ours && auth::is_weaker(now.mechanism, before.mechanism));
}

/// The stronger of each half.
Strength strongest_of(const Strength& now, const Strength& before, bool is_choice_ours) {
  return {std::max(now.tls, before.tls), is_choice_ours && !auth::is_weaker(now.mechanism, before.mechanism)
                                             ? now.mechanism
                                             : before.mechanism};
}

}  // namespace

std::string Strength::to_string() const {
  return mechanism.empty() ? tls : fmt::format("{} with {}", mechanism, tls);
}

std::vector<Memory::Port>::const_iterator Memory::find_port(const NetworkName& network,
                                                            const std::string& host) const {
  const auto is_it = [&](const Port& port) {
    return port.host == host && port.network.gateways == network.gateways &&
           (port.network.hardware == network.hardware || port.network.hardware == "-" ||
            network.hardware == "-");
  };
  const auto found = std::find_if(ports_.rbegin(), ports_.rend(), is_it);
  return found == ports_.rend() ? ports_.end() : std::prev(found.base());
}

std::optional<std::uint16_t> Memory::port_of(const NetworkName& network, const std::string& host) const {
  const auto found = find_port(network, host);
  if (found == ports_.end()) return std::nullopt;
  return found->port;
}

void Memory::port_worked(const NetworkName& network, const std::string& host, std::uint16_t port) {
  Port fresh{network, host, port};
  if (const auto found = find_port(network, host); found != ports_.end()) {
    if (network.hardware == "-") fresh.network = found->network;
    changed_ = changed_ || *found != fresh;  // another order alone is not worth writing
    ports_.erase(found);
  } else {
    changed_ = true;
  }
  ports_.push_back(std::move(fresh));
  if (ports_.size() > kMaxPorts) ports_.erase(ports_.begin());
}

void Memory::forget_port(const NetworkName& network, const std::string& host) {
  const auto found = find_port(network, host);
  if (found == ports_.end()) return;
  ports_.erase(found);
  changed_ = true;
}

std::optional<Strength> Memory::logged_in(const std::string& account, const std::string& host,
                                          const Strength& now, bool is_choice_ours, Day today) {
  const auto found = servers_.find({account, host});
  if (found == servers_.end()) {
    if (!make_room_for_server(today)) return std::nullopt;
    servers_[{account, host}] = {now, today, std::nullopt};
    changed_ = true;
    return std::nullopt;
  }
  auto& server = found->second;
  if (is_weaker(now, server.strongest, is_choice_ours)) {
    if (today - server.seen < kForgetAfter) {
      if (server.weaker == now) return std::nullopt;
      server.weaker = now;
      return server.strongest;
    }
    server.strongest = now;
    changed_ = true;
  }
  auto strongest = strongest_of(now, server.strongest, is_choice_ours);
  changed_ = changed_ || server.seen != today || server.strongest != strongest;
  server = {std::move(strongest), today, std::nullopt};
  return std::nullopt;
}

/// Accounts that are no more go, the one that was seen longest ago first; none goes for one that it would
/// drive out in turn.
bool Memory::make_room_for_server(Day today) {
  if (servers_.size() < kMaxServers) return true;
  const auto oldest =
      std::ranges::min_element(servers_, {}, [](const auto& entry) { return entry.second.seen; });
  if (oldest->second.seen >= today) return false;
  servers_.erase(oldest);
  return true;
}

std::vector<std::string> Memory::troubles() const {
  std::vector<std::string> troubles;
  for (const auto& [key, server] : servers_) {
    if (!server.weaker) continue;
    troubles.push_back(fmt::format(
        "{} ({}): the login is weaker than before: {}, where {} was possible; the provider has changed, or "
        "somebody on the network interferes (the certificate was verified; tls_min and mechanisms pin what "
        "must not vary)",
        key.first, key.second, server.weaker->to_string(), server.strongest.to_string()));
  }
  return troubles;
}

void Memory::forget_troubles() {
  for (auto& [key, server] : servers_) server.weaker.reset();
}

std::string Memory::to_text() const {
  std::string text = fmt::format("{}\n", kForm);
  for (const auto& port : ports_) {
    text += fmt::format("port\t{}\t{}\t{}\t{}\n", port.network.gateways, port.network.hardware, port.host,
                        port.port);
  }
  for (const auto& [key, server] : servers_) {
    const auto& [tls, mechanism] = server.strongest;
    text += fmt::format("server\t{}\t{}\t{}\t{}\t{}\n", key.first, key.second, tls,
                        mechanism.empty() ? "-" : mechanism, server.seen);
  }
  return text;
}

bool Memory::from_text(std::string_view text) {
  *this = Memory();
  text = text.substr(0, kMaxText);
  auto end = std::min(text.find('\n'), text.size());
  if (text.substr(0, end) != kForm) return false;
  while (end < text.size()) {
    text.remove_prefix(end + 1);
    end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end));
  }
  return true;
}

void Memory::read_line(std::string_view line) {
  const auto words = split_at_tabs(line);
  if (!std::ranges::all_of(words, is_word)) return;
  if (words[0] == "port" && words.size() == 5) {
    const auto port = number<std::uint16_t>(words[4]);
    if (!is_digest(words[1]) || (words[2] != "-" && !is_digest(words[2])) || !port || *port == 0) return;
    if (ports_.size() < kMaxPorts)
      ports_.push_back({{std::string(words[1]), std::string(words[2])}, std::string(words[3]), *port});
  } else if (words[0] == "server" && words.size() == 6) {
    const auto seen = number<Day>(words[5]);
    if (words[3].size() > kMaxVersion || words[4].size() > kMaxMechanism || !seen || *seen < 0) return;
    if (servers_.size() >= kMaxServers) return;
    servers_[{std::string(words[1]), std::string(words[2])}] = {
        {std::string(words[3]), words[4] == "-" ? std::string() : std::string(words[4])},
        *seen,
        std::nullopt};
  }
}

}  // namespace homeward::upstream
