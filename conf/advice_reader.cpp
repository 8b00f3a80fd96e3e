#include "conf/advice_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "conf/values.hpp"
#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

using mail::AdviceRow;
using mail::Cause;

constexpr int kLeastCode = 400;
constexpr int kMostCode = 599;

/// What is wrong with a value, or nothing.
using Fault = std::optional<std::string>;

Fault take_codes(AdviceRow& row, std::string_view value) {
  for (const auto item : text::split(value, ',')) {
    const auto code = parse_count(item, kLeastCode, kMostCode);
    if (!code) return fmt::format("{} is no code from {} to {}", shown(item), kLeastCode, kMostCode);
    row.codes.push_back(static_cast<int>(*code));
  }
  return std::nullopt;
}

std::optional<EnhancedCode> parse_enhanced(std::string_view item, std::uint8_t status) {
  const auto parts = text::split(item, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto subject = parse_count(parts[1], 0, 999);
  const auto detail = parse_count(parts[2], 0, 999);
  if (!subject || !detail) return std::nullopt;
  return EnhancedCode{status, static_cast<std::uint16_t>(*subject), static_cast<std::uint16_t>(*detail)};
}

Fault take_enhanced(AdviceRow& row, std::string_view value) {
  for (const auto item : text::split(value, ',')) {
    std::vector<std::uint8_t> statuses;
    if (item.starts_with('x') || item.starts_with('4')) statuses.push_back(4);
    if (item.starts_with('x') || item.starts_with('5')) statuses.push_back(5);
    for (const auto status : statuses) {
      const auto code = parse_enhanced(item, status);
      if (code) row.enhanced.push_back(*code);
    }
    const bool right = !statuses.empty() && item.substr(1, 1) == "." && parse_enhanced(item, 5);
    if (!right) return fmt::format("{} is no enhanced code such as 5.7.1 or x.2.2", shown(item));
  }
  return std::nullopt;
}

Fault take_texts(AdviceRow& row, std::string_view value) {
  for (const auto item : text::split(value, '|')) {
    if (item.find_first_not_of("* ") == std::string_view::npos)
      return fmt::format("{} would fit everything", shown(item));
    if (item.find("  ") != std::string_view::npos || item.find('\t') != std::string_view::npos)
      return fmt::format("{} holds two blanks in a row, which no text has when it is looked at", shown(item));
    row.texts.push_back(text::to_lower(item));
  }
  return std::nullopt;
}

Fault take_cause(AdviceRow& row, std::string_view value) {
  struct Name {
    std::string_view name;
    Cause cause;
  };
  constexpr auto kNames = std::to_array<Name>({{"you", Cause::you},
                                               {"provider", Cause::provider},
                                               {"network", Cause::network},
                                               {"homeward", Cause::homeward}});
  const auto found = std::ranges::find(kNames, value, &Name::name);
  if (found == kNames.end()) return fmt::format("{} is no cause", shown(value));
  row.advice.cause = found->cause;
  return std::nullopt;
}

Fault take_temporary(AdviceRow& row, std::string_view value) {
  const auto flag = parse_flag(value);
  if (!flag) return flag.error().finding;
  row.advice.temporary = *flag;
  return std::nullopt;
}

Fault take_repair(AdviceRow& row, std::string_view value) {
  for (const auto item : text::split(value, ',')) {
    if (item != "sender" && item != "from") return fmt::format("{} is no repair", shown(item));
    row.advice.repairs.push_back(item == "sender" ? mail::Repair::sender : mail::Repair::from);
  }
  return std::nullopt;
}

Fault take_sentence(AdviceRow& row, std::string_view value) {
  if (value.ends_with('.')) return "a sentence stands without its dot";
  row.advice.sentence = value;
  return std::nullopt;
}

Fault take_cure(AdviceRow& row, std::string_view value) {
  row.advice.cure = value;
  return std::nullopt;
}

Fault take_provider(AdviceRow& row, std::string_view value) {
  row.provider = text::to_lower(value);
  return std::nullopt;
}

Fault take_kind(AdviceRow& row, std::string_view value) {
  row.advice.kind = value;
  return std::nullopt;
}

Fault take_place(AdviceRow& row, std::string_view value) {
  if (value != "reply" && value != "box") return fmt::format("{} is no place", shown(value));
  row.place = value == "box" ? mail::Place::box : mail::Place::reply;
  return std::nullopt;
}

struct AdviceKey {
  std::string_view name;
  Fault (*take)(AdviceRow& row, std::string_view value);
  bool repeatable = false;
};

constexpr auto kKeys = std::to_array<AdviceKey>({{"code", take_codes},
                                                 {"enhanced", take_enhanced},
                                                 {"text", take_texts, true},
                                                 {"provider", take_provider},
                                                 {"kind", take_kind},
                                                 {"place", take_place},
                                                 {"sentence", take_sentence},
                                                 {"cause", take_cause},
                                                 {"cure", take_cure},
                                                 {"repair", take_repair},
                                                 {"temporary", take_temporary}});

/// Reads one section. Faults are added with their lines.
class RowReader {
 public:
  RowReader(const IniSection& section, std::vector<IniFault>& faults) : section_(section), faults_(faults) {}

  AdviceRow run() {
    row_.advice.name = section_.name;
    row_.advice.kind = section_.name;
    for (const auto& entry : section_.entries) take(entry);
    for (const std::string_view needed : {"sentence", "cause", "cure"})
      if (!is_given(needed)) fault(section_.line, fmt::format("[{}] has no {}", section_.name, needed));
    if (row_.codes.empty() && row_.enhanced.empty() && row_.texts.empty())
      fault(section_.line, fmt::format("[{}] would fit every reply", section_.name));
    if (row_.advice.temporary && row_.texts.empty())
      fault(section_.line, fmt::format("[{}] is temporary by its code alone", section_.name));
    if (row_.place == mail::Place::box && !row_.advice.repairs.empty())
      fault(section_.line, fmt::format("[{}] is met in boxes: nothing is repaired", section_.name));
    if (row_.place == mail::Place::box &&
        (row_.texts.empty() || !row_.codes.empty() || !row_.enhanced.empty()))
      fault(section_.line,
            fmt::format("[{}] is met in boxes: it is known by its texts alone", section_.name));
    return std::move(row_);
  }

 private:
  void fault(unsigned line, std::string finding) {
    faults_.push_back({line, std::move(finding), "see the head of conf/advice_reader.hpp"});
  }
  bool is_given(std::string_view key) const {
    return std::ranges::find(section_.entries, key, &IniEntry::name) != section_.entries.end();
  }
  void take(const IniEntry& entry) {
    const auto key = std::ranges::find(kKeys, entry.name, &AdviceKey::name);
    if (key == kKeys.end()) return fault(entry.line, fmt::format("{} is no key here", shown(entry.name)));
    const auto first = std::ranges::find(section_.entries, entry.name, &IniEntry::name);
    if (!key->repeatable && &*first != &entry)
      return fault(entry.line, fmt::format("{} is given twice", entry.name));
    if (entry.value.empty()) return fault(entry.line, fmt::format("{} has no value", entry.name));
    if (entry.comment_cut) return fault(entry.line, fmt::format("{} is cut at \" ;\"", entry.name));
    if (auto wrong = key->take(row_, entry.value)) fault(entry.line, *std::move(wrong));
  }

  const IniSection& section_;
  std::vector<IniFault>& faults_;
  AdviceRow row_;
};

}  // namespace

AdviceFile read_advice(std::string_view text) {
  auto ini = read_ini(text);
  AdviceFile file{.rows = {}, .faults = std::move(ini.faults)};
  for (const auto& section : ini.sections) {
    if (section.name.empty()) continue;  // told already
    const auto faults_before = file.faults.size();
    auto row = RowReader(section, file.faults).run();
    const auto known = [&](const AdviceRow& other) { return other.advice.name == row.advice.name; };
    if (std::ranges::any_of(file.rows, known))
      file.faults.push_back({section.line, fmt::format("[{}] is given twice", section.name), "rename it"});
    if (file.faults.size() == faults_before) file.rows.push_back(std::move(row));
  }
  return file;
}

std::shared_ptr<const mail::AdviceTable> built_in_advice() {
  static const auto table = std::make_shared<const mail::AdviceTable>(read_advice(advice_text()).rows);
  return table;
}

}  // namespace homeward::conf
