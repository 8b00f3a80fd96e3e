// The reader that stands between the file and inih: it serves one physical line at a time, so the handler
// knows the exact line, and it serves an empty one in place of a line that inih would take in silence for
// something else. Quoted values: "…" with \" and \\; a ';' behind a blank is served as \; there.
#include "conf/ini_reader.hpp"

#include <fmt/format.h>
#include <ini.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>

#include "proxy/base/secret.hpp"
#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

constexpr std::size_t kMaxSection = 49;  // inih's MAX_SECTION less its terminator
constexpr std::size_t kNone = std::string_view::npos;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Where inih would see the comment of a line begin: a ';' behind a blank.
std::size_t find_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i)
    if (text[i] == ';' && is_blank(text[i - 1])) return i;
  return kNone;
}

// One blank between words, none at the ends.
std::string reduced(std::string_view text) {
  std::string result;
  for (const char c : text::trim(text)) {
    if (!is_blank(c))
      result += c;
    else if (result.back() != ' ')
      result += ' ';
  }
  return result;
}

bool is_comment_or_empty(std::string_view text) {
  return text.empty() || text.front() == ';' || text.front() == '#';
}

/// Feeds inih and gathers what it hands back; lives for one file.
class Feed {
 public:
  explicit Feed(std::string_view text) : rest_(text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }
  ~Feed() { wipe(served_); }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  IniFile run();

 private:
  static char* on_read(char* buffer, int size, void* stream) noexcept;
  static int on_entry(void* user, const char* section, const char* name, const char* value) noexcept;

  bool serve(char* buffer, std::size_t capacity);
  void take(std::string_view name, std::string_view value);
  void prepare(std::string_view line);
  void prepare_section(std::string_view line);
  void prepare_entry(std::string_view line);
  void prepare_quoted(std::string_view head, std::string_view quoted);
  void settle();
  void fault(std::string finding, std::string cure);

  std::string_view rest_;
  IniFile file_;
  unsigned line_ = 0;
  std::string served_;           // what inih gets in place of the line
  bool entry_expected_ = false;  // the line served must come back as an entry
  bool quoted_ = false;
  bool comment_cut_ = false;
  bool headless_told_ = false;
  std::exception_ptr failure_;  // none may pass through C
};

char* Feed::on_read(char* buffer, int size, void* stream) noexcept {
  auto& feed = *static_cast<Feed*>(stream);
  try {
    return size > 1 && feed.serve(buffer, static_cast<std::size_t>(size) - 1) ? buffer : nullptr;
  } catch (...) {
    feed.failure_ = std::current_exception();
    return nullptr;
  }
}

int Feed::on_entry(void* user, const char*, const char* name, const char* value) noexcept {
  auto& feed = *static_cast<Feed*>(user);
  try {
    feed.take(name, value == nullptr ? "" : value);
  } catch (...) {
    feed.failure_ = std::current_exception();
  }
  return 1;
}

IniFile Feed::run() {
  ini_parse_stream(&Feed::on_read, this, &Feed::on_entry, this);
  if (failure_) std::rethrow_exception(failure_);
  return std::move(file_);
}

void Feed::fault(std::string finding, std::string cure) {
  file_.faults.push_back({line_, std::move(finding), std::move(cure)});
}

// A line that inih got as an entry and did not hand back.
void Feed::settle() {
  if (entry_expected_)
    fault("is neither a [section] nor key = value", "write key = value, or ; in front of a comment");
  entry_expected_ = false;
}

bool Feed::serve(char* buffer, std::size_t capacity) {
  settle();
  if (rest_.empty() || failure_) return false;
  const auto end = std::min(rest_.find('\n'), rest_.size());
  auto line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++line_;
  wipe(served_);
  quoted_ = comment_cut_ = false;
  prepare(line);
  if (served_.size() > capacity) {
    fault(fmt::format("is longer than {} bytes", capacity),
          "shorten it: repeat a list key for its further items, put a long command into a script");
    wipe(served_);
    entry_expected_ = false;
  }
  std::memcpy(buffer, served_.data(), served_.size());
  buffer[served_.size()] = '\0';
  return true;
}

void Feed::prepare(std::string_view line) {
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  };
  if (const auto bad = std::ranges::find_if(line, is_control); bad != line.end())
    return fault(fmt::format("holds a control character (byte 0x{:02x})", static_cast<unsigned char>(*bad)),
                 "remove it; the file must be plain text with one entry a line");
  if (is_comment_or_empty(text::trim(line))) return;
  if (is_blank(line.front()))
    return fault("is indented, which would make it part of the line above",
                 "begin the line at its first column; repeat a list key for its further items");
  if (line.front() == '[') return prepare_section(line);
  prepare_entry(line);
}

void Feed::prepare_section(std::string_view line) {
  file_.sections.push_back({{}, line_, {}});  // even if faulty: what follows is not the section's before
  const auto close = line.find(']');
  if (close == kNone || find_comment(line) < close)
    return fault("begins a section and has no ]", "write [section name]");
  const auto behind = text::trim(line.substr(close + 1));
  if (!is_comment_or_empty(behind))
    return fault("has text behind the ] of a section", "put it on a line of its own");
  auto name = reduced(line.substr(1, close - 1));
  if (name.size() > kMaxSection)
    return fault(fmt::format("has a section name of more than {} characters", kMaxSection),
                 "shorten the name");
  if (name.empty())
    return fault("has a section without a name", "write [homeward], [account NAME] or [listener NAME]");
  served_ = fmt::format("[{}]", name);
  file_.sections.back().name = std::move(name);
}

void Feed::prepare_entry(std::string_view line) {
  entry_expected_ = true;
  const auto sign = line.find_first_of("=:");  // inih takes both
  if (sign == kNone || sign == 0 || find_comment(line) < sign) return settle();
  const auto value = line.substr(sign + 1);
  const auto start = value.find_first_not_of(" \t");
  if (start != kNone && value[start] == '"')
    return prepare_quoted(line.substr(0, sign + 1), value.substr(start + 1));
  comment_cut_ = find_comment(value) != kNone;
  served_ = line;
}

// `quoted` begins behind the opening quote. Escapes stay for take(), which undoes them.
void Feed::prepare_quoted(std::string_view head, std::string_view quoted) {
  entry_expected_ = false;  // until all is well
  served_ = head;
  served_ += " \"";
  std::size_t i = 0;
  for (; i < quoted.size() && quoted[i] != '"'; ++i) {
    if (quoted[i] == ';' && is_blank(served_.back())) served_ += '\\';
    if (quoted[i] == '\\') {
      if (i + 1 == quoted.size() || (quoted[i + 1] != '"' && quoted[i + 1] != '\\')) {
        wipe(served_);
        return fault("has a backslash inside quotes that is followed by neither \" nor \\",
                     "write \\\\ for a backslash");
      }
      served_ += quoted[i++];
    }
    served_ += quoted[i];
  }
  if (i == quoted.size()) {
    wipe(served_);
    return fault("has a quote that is not closed", "end the value with \"; write \\\" for a quote inside");
  }
  const auto behind = text::trim(quoted.substr(i + 1));
  if (!is_comment_or_empty(behind)) {
    wipe(served_);
    return fault("has text behind the closing quote",
                 "write \\\" for a quote inside the value, ; in front of a comment");
  }
  served_ += '"';
  quoted_ = entry_expected_ = true;
}

std::string unquoted(std::string_view value) {
  std::string result;
  result.reserve(value.size());
  if (value.size() < 2) return result;
  value = value.substr(1, value.size() - 2);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    result += value[i];
  }
  return result;
}

void Feed::take(std::string_view name, std::string_view value) {
  entry_expected_ = false;
  if (file_.sections.empty()) {
    if (!headless_told_)
      fault("stands before any section", "begin the file with [homeward], [account NAME] or [listener NAME]");
    headless_told_ = true;
    return;
  }
  file_.sections.back().entries.push_back(
      {std::string(name), quoted_ ? unquoted(value) : std::string(value), line_, comment_cut_});
}

}  // namespace

IniFile read_ini(std::string_view text) {
  return Feed(text).run();
}

void wipe_values(IniFile& file) {
  for (auto& section : file.sections)
    for (auto& entry : section.entries) wipe(entry.value);
}

}  // namespace homeward::conf
