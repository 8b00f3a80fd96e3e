// From entries to members: looks each key up, gathers the items of a list over all its lines, hands them to
// the row's setter.
#include "conf/section_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::conf {
namespace {

constexpr std::size_t kMostProblems = 1000;  // nobody reads more of a file that is no configuration

struct Item {
  std::string_view text;
  unsigned line = 0;
};

const IniEntry* first_of(const Section& section, std::string_view key) {
  const auto& entries = section.body->entries;
  const auto found = std::ranges::find(entries, key, &IniEntry::name);
  return found == entries.end() ? nullptr : &*found;
}

// The key as it may be shown. A blank means that "=" is missing in "password secret": what follows may be
// one.
std::string_view shown_key(std::string_view name) {
  return name.substr(0, name.find_first_of(" \t"));
}

template <class Target>
class Applier {
 public:
  Applier(const Section& section, SectionKind kind, Target& target, Findings& findings)
      : section_(section), kind_(kind), target_(target), findings_(findings) {}

  void run() {
    for (const auto& entry : section_.body->entries) {
      const Key* key = find_key(kind_, entry.name);
      if (key == nullptr) {
        reject(entry.line, shown_key(entry.name),
               {"is not a key of this section", unknown_key_cure(kind_, entry.name)});
      } else if (check(*key, entry)) {
        key->shape == Shape::list ? set_list(*key, entry) : set_single(*key, entry);
      }
    }
  }

 private:
  void reject(unsigned line, std::string_view key, Rejection rejection) {
    findings_.add(section_, line, key, std::move(rejection));
  }

  bool check(const Key& key, const IniEntry& entry) {
    if (key.care != Care::plain && entry.comment_cut) {
      reject(entry.line, key.name,
             {"holds \" ;\", where an unquoted value ends and a comment begins",
              "put the value into quotes: \"…\", with \\\" and \\\\ inside"});
      return false;
    }
    if (!text::trim(entry.value).empty()) return true;
    reject(entry.line, key.name, {"has no value", "give one, or remove the line"});
    return false;
  }

  void set_single(const Key& key, const IniEntry& entry) {
    const auto* first = first_of(section_, key.name);
    if (first != &entry)
      return reject(entry.line, key.name,
                    {fmt::format("is given twice (first in line {})", first->line), "keep one"});
    set(key, {entry.value, entry.line}, 0, 1);
  }

  // The whole list is set at its first line.
  void set_list(const Key& key, const IniEntry& entry) {
    if (first_of(section_, key.name) != &entry) return;
    std::vector<Item> items;
    for (const auto& line : section_.body->entries)
      if (line.name == key.name)
        for (const auto item : text::split(line.value, ',')) items.push_back({item, line.line});
    if (items.empty()) reject(entry.line, key.name, {"has no value", "give one, or remove the line"});
    for (std::size_t i = 0; i < items.size(); ++i) set(key, items[i], i, items.size());
  }

  void set(const Key& key, Item item, std::size_t position, std::size_t count) {
    const Value value{.text = item.text, .folder = *section_.folder, .position = position, .count = count};
    auto outcome = std::get<Setter<Target>>(key.set)(target_, value);
    if (!outcome) return;
    if (key.care == Care::plain && item.text.find(" #") != std::string_view::npos)
      outcome->cure += "; a comment behind a value begins with \" ;\"";
    else if (key.shape == Shape::list && item.text.find(' ') != std::string_view::npos)
      outcome->cure += "; items are parted by commas";
    reject(item.line, key.name, *std::move(outcome));
  }

  const Section& section_;
  SectionKind kind_;
  Target& target_;
  Findings& findings_;
};

}  // namespace

std::string Section::title() const {
  switch (heading) {
    case Heading::homeward:
      return "[homeward]";
    case Heading::defaults:
      return "[defaults]";
    case Heading::listener:
      return fmt::format("[listener {}]", name);
    case Heading::account:
      return fmt::format("[account {}]", name);
    case Heading::provider:
      return fmt::format("[provider {}]", name);
  }
  return {};
}

const IniEntry* Section::find(std::string_view key) const {
  return first_of(*this, key);
}

unsigned Section::line_of(std::string_view key) const {
  const auto* entry = find(key);
  return entry == nullptr ? body->line : entry->line;
}

void Findings::add(const Section& section, unsigned line, std::string_view key, Rejection rejection) {
  auto place = section.title();
  if (!key.empty()) place += fmt::format(" {}", text::printable(key, 49));
  add(Problem{*section.file, line, std::move(place), std::move(rejection.finding),
              std::move(rejection.cure)});
}

// What is wrong in [defaults] comes up at each account.
void Findings::add(Problem problem) {
  const auto same = [&](const Problem& other) {
    return other.line == problem.line && other.file == problem.file && other.key == problem.key &&
           other.finding == problem.finding;
  };
  if (problems_.size() < kMostProblems && std::ranges::none_of(problems_, same))
    problems_.push_back(std::move(problem));
}

void apply(const Section& section, HomewardSection& target, Findings& findings) {
  Applier<HomewardSection>(section, SectionKind::homeward, target, findings).run();
}

void apply(const Section& section, Listener& target, Findings& findings) {
  Applier<Listener>(section, SectionKind::listener, target, findings).run();
}

void apply(const Section& section, AccountConfig& target, Findings& findings) {
  Applier<AccountConfig>(section, SectionKind::account, target, findings).run();
}

void apply(const Section& section, mail::Provider& target, Findings& findings) {
  Applier<mail::Provider>(section, SectionKind::provider, target, findings).run();
}

}  // namespace homeward::conf
