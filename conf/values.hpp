// The forms that values of the configuration take: sizes, durations, counts, host names, servers, listen
// addresses. Each parser takes one value as written (trimmed) and answers with what it means, or with what
// is wrong and what would be right. Called by the setters of schema.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "conf/config.hpp"

namespace homeward::conf {

/// Why a value can't be taken: what was found, and what would be right.
struct Rejection {
  std::string finding;
  std::string cure;
};

template <class T>
using Parsed = std::expected<T, Rejection>;

/// A value as a finding shows it: printable, quoted, cut at 60 bytes. Never for secrets.
std::string shown(std::string_view value);

/// Octets: a number, or a number with K, M or G (powers of 1024); `least` and `most` are octets.
Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most);

/// A number with ms, s, m, h or d.
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text, std::chrono::milliseconds least,
                                                 std::chrono::milliseconds most);

/// Messages per time: a number, `/`, and s, m, h or d. At most a million messages.
Parsed<Rate> parse_rate(std::string_view text);
/// "30/m"
std::string rate_text(const Rate& rate);

/// A decimal number.
Parsed<unsigned> parse_count(std::string_view text, unsigned least, unsigned most);

/// "512K", "90s": as a person would write it.
std::string size_text(std::uint64_t octets);
std::string duration_text(std::chrono::milliseconds duration);

/// yes or no.
Parsed<bool> parse_flag(std::string_view text);

/// A domain name (RFC 1123 §2.1), lower-cased.
Parsed<std::string> parse_domain(std::string_view text);

/// `host`, `smtps://host[:465]`, `submission://host[:587]`. The host is a domain name or an address; an IPv6
/// address is written in brackets and kept without them.
Parsed<Server> parse_server(std::string_view text);

/// `ADDRESS:PORT`, `[V6]:PORT`, an address alone (port 25), `systemd:NAME`.
Parsed<ListenAddress> parse_listen_address(std::string_view text);

/// The name of a section: letters, digits, '-', '_', '.', at most 40.
Parsed<std::string> parse_name(std::string_view text);

}  // namespace homeward::conf
