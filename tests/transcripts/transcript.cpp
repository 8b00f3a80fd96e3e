#include "tests/transcripts/transcript.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <fstream>
#include <optional>

#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"

namespace homeward::test {
namespace {

/// What went wrong in a line, in words.
using Fault = std::string;

int hex_digit(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto found = kDigits.find(text::to_lower(c));
  return found == std::string_view::npos ? -1 : static_cast<int>(found);
}

/// \r \n \t \0 \\ \xNN
std::expected<std::string, Fault> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = ++i < text.size() ? text[i] : ' ';
    constexpr std::string_view kKinds = "rnt0\\";
    constexpr std::string_view kMeant("\r\n\t\0\\", 5);
    if (const auto found = kKinds.find(kind); found != std::string_view::npos) {
      out += kMeant[found];
      continue;
    }
    if (kind != 'x' || i + 2 >= text.size()) return std::unexpected(fmt::format("unknown escape \\{}", kind));
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::unexpected(std::string("\\x needs two hexadecimal digits"));
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// The inside of one {…}: "x*300" or "b64 …"; nothing where it is neither and stands for itself.
std::expected<std::optional<std::string>, Fault> expansion(std::string_view inside) {
  constexpr std::string_view kBase64 = "b64 ";
  if (inside.starts_with(kBase64)) {
    auto bytes = unescape(inside.substr(kBase64.size()));
    if (!bytes) return std::unexpected(bytes.error());
    return base64::encode(*bytes);
  }
  const auto star = inside.rfind('*');
  if (star == std::string_view::npos) return std::nullopt;
  std::size_t count = 0;
  const auto digits = inside.substr(star + 1);
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += inside.substr(0, star);
  return out;
}

/// {x*300} and {b64 …}, the innermost first.
std::expected<std::string, Fault> expand(std::string text) {
  std::size_t from = 0;
  while (true) {
    const auto close = text.find('}', from);
    if (close == std::string::npos) return text;
    const auto open = text.rfind('{', close);
    from = close + 1;
    if (open == std::string::npos) continue;
    auto meant = expansion(std::string_view(text).substr(open + 1, close - open - 1));
    if (!meant) return std::unexpected(meant.error());
    if (!*meant) continue;
    text.replace(open, close - open + 1, **meant);
    from = open + (*meant)->size();
  }
}

bool is_setting(std::string_view line) {
  const auto colon = line.find(": ");
  return colon != std::string_view::npos && colon > 0 &&
         line.substr(0, colon).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

std::expected<ScriptLine, Fault> read_tagged(std::string_view line) {
  ScriptLine out;
  out.tag = line.substr(0, 1);
  line.remove_prefix(1);
  if (line.starts_with('*')) {
    const auto [end, fault] = std::from_chars(line.data() + 1, line.data() + line.size(), out.times);
    if (fault != std::errc{}) return std::unexpected(std::string("a number stands behind the *"));
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  }
  if (line.empty() || !std::string_view(":\\~").contains(line[0]))
    return std::unexpected(std::string("a colon is missing"));
  out.raw = line.starts_with("\\:");
  out.pattern = line.starts_with("~");
  line.remove_prefix(out.raw ? 2 : 1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  auto text = expand(std::string(line));
  if (text && out.raw) text = unescape(*text);
  if (!text) return std::unexpected(text.error());
  out.text = std::move(*text);
  return out;
}

std::expected<ScriptLine, Fault> read_line(std::string_view line) {
  constexpr std::array<std::string_view, 11> kWords{"hello", "envelope", "content", "--",   "closed", "gone",
                                                    "reset", "silent",   "drain",   "stop", "tls"};
  const bool tagged = line.size() > 1 && std::string_view("CSUD").contains(line[0]) &&
                      std::string_view(":\\~*").contains(line[1]);
  if (tagged) return read_tagged(line);
  for (const auto word : kWords) {
    if (line == word) return ScriptLine{0, std::string(word), {}};
  }
  // The upstream player's outcomes carry words behind them.
  for (const std::string_view word : {"ready ", "logged-in ", "gives-up "}) {
    if (line.starts_with(word)) {
      ScriptLine out{0, std::string(word.substr(0, word.size() - 1)), std::string(line.substr(word.size()))};
      out.pattern = true;
      return out;
    }
  }
  return std::unexpected(std::string("neither a dialogue line nor a setting nor a known word"));
}

}  // namespace

std::expected<Transcript, std::string> read_transcript(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::unexpected(file.string() + ": cannot be read");
  Transcript out;
  out.name = file.filename().string();
  std::string line;
  std::string why;
  for (unsigned number = 1; std::getline(in, line); ++number) {
    const auto bad = [&](std::string_view why) {
      return std::unexpected(fmt::format("{}:{}: {}", file.string(), number, why));
    };
    if (number == 1 && !line.starts_with("# ")) return bad("a transcript opens with a comment that says why");
    if (line.starts_with('#') && out.settings.empty() && out.lines.empty()) why += line;
    if (line.empty() || line.starts_with('#')) continue;
    if (is_setting(line)) {
      if (!out.lines.empty()) return bad("settings stand before the dialogue");
      const auto colon = line.find(": ");
      auto value = expand(line.substr(colon + 2));
      if (!value) return bad(value.error());
      out.settings[line.substr(0, colon)] = std::move(*value);
      continue;
    }
    auto read = read_line(line);
    if (!read) return bad(read.error());
    read->number = number;
    for (unsigned i = 0; i < read->times; ++i) out.lines.push_back(*read);
  }
  if (!why.contains("RFC ")) return std::unexpected(file.string() + ":1: the opening comment names no RFC");
  if (out.lines.empty()) return std::unexpected(file.string() + ": holds no dialogue");
  return out;
}

bool agrees(const ScriptLine& line, std::string_view text) {
  if (!line.pattern) return line.text == text;
  // "a*b*c": a in front, c at the end, the rest in order between them.
  std::string_view pattern = line.text;
  auto star = pattern.find('*');
  if (star == std::string_view::npos) return text.starts_with(pattern);
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  while ((star = pattern.find('*')) != std::string_view::npos) {
    const auto found = text.find(pattern.substr(0, star));
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + star);
    pattern.remove_prefix(star + 1);
  }
  return text.ends_with(pattern);
}

std::string shown(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < ' ' || byte > '~') {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace homeward::test
