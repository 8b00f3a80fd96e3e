#include "proxy/app/sandbox/dialogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::app::sandbox {
namespace {

constexpr std::string_view kSeparator = " | ";
constexpr std::string_view kIndent = "   ";
constexpr unsigned kLeastColumn = 20;

constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kCyan = "\x1b[36m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kRed = "\x1b[31m";

struct Line {
  std::string text;
  std::string_view colour;
};
using Block = std::vector<Line>;

/// Breaks `text` at its last blank that fits, else hard; what follows is indented.
void append_wrapped(Block& block, std::string_view text, std::string_view colour, std::size_t width) {
  std::string prefix;
  do {
    const auto room = width - prefix.size();
    auto end = text.size();
    if (end > room) {
      const auto blank = text.rfind(' ', room);
      // A break that leaves less than half a line is worse than a word cut in two.
      end = blank == std::string_view::npos || blank < room / 2 ? room : blank;
    }
    block.push_back({prefix + std::string(text.substr(0, end)), colour});
    text.remove_prefix(end);
    if (text.starts_with(' ')) text.remove_prefix(1);
    prefix = kIndent;
  } while (!text.empty());
}

Block title_of(const Dialogue& dialogue, std::size_t width) {
  Block block;
  append_wrapped(block, dialogue.title, kBold, width);
  append_wrapped(block, dialogue.place, "", width);
  block.push_back({std::string(width, '-'), ""});
  return block;
}

Block block_of(const Exchange& exchange, std::size_t width) {
  Block block;
  const auto add = [&](std::string_view who, const std::string& said, std::string_view colour) {
    append_wrapped(block, fmt::format("{} {}", who, text::printable(said)), colour, width);
  };
  for (const auto& line : exchange.said) add("C:", line, kCyan);
  for (const auto& line : exchange.answer) add("S:", line, exchange.accepted ? kGreen : kRed);
  return block;
}

/// A column's block at this step; empty where the dialogue did not get there.
Block block_at(const Dialogue& dialogue, Step step, std::size_t width) {
  const auto found = std::ranges::find(dialogue.exchanges, step, &Exchange::step);
  return found == dialogue.exchanges.end() ? Block() : block_of(*found, width);
}

std::string painted(const Line& line, Paint paint) {
  if (paint == Paint::none || line.colour.empty()) return line.text;
  return fmt::format("{}{}{}", line.colour, line.text, kPlain);
}

/// One line of the page: a line of each column, padded but for the last.
std::string row(const std::vector<Block>& columns, std::size_t index, std::size_t width, Paint paint) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& column = columns[i];
    const Line line = index < column.size() ? column[index] : Line{};
    out += painted(line, paint);
    if (i + 1 == columns.size()) break;
    out.append(width - std::min(width, line.text.size()), ' ');
    out += kSeparator;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out + '\n';
}

std::string rows(const std::vector<Block>& columns, std::size_t width, Paint paint) {
  std::size_t height = 0;
  for (const auto& column : columns) height = std::max(height, column.size());
  std::string out;
  for (std::size_t index = 0; index < height; ++index) out += row(columns, index, width, paint);
  return out;
}

std::string in_columns(std::span<const Dialogue> dialogues, unsigned width, Paint paint) {
  const auto gaps = kSeparator.size() * (dialogues.size() - 1);
  const auto column = std::max<std::size_t>(kLeastColumn, (width - gaps) / dialogues.size());
  const auto across = [&](auto block) {
    std::vector<Block> blocks;
    for (const auto& dialogue : dialogues) blocks.push_back(block(dialogue));
    return rows(blocks, column, paint);
  };
  std::string out = across([&](const Dialogue& dialogue) { return title_of(dialogue, column); });
  for (unsigned step = 0; step < kSteps; ++step) {
    out +=
        across([&](const Dialogue& dialogue) { return block_at(dialogue, static_cast<Step>(step), column); });
  }
  return out;
}

std::string stacked(std::span<const Dialogue> dialogues, unsigned width, Paint paint) {
  const auto column = std::max(kLeastColumn, width);
  std::string out;
  for (const auto& dialogue : dialogues) {
    if (!out.empty()) out += '\n';
    out += rows({title_of(dialogue, column)}, column, paint);
    for (const auto& exchange : dialogue.exchanges) out += rows({block_of(exchange, column)}, column, paint);
  }
  return out;
}

}  // namespace

bool Dialogue::delivered() const {
  return std::ranges::any_of(exchanges, [](const Exchange& exchange) {
    return exchange.step == Step::content && exchange.accepted;
  });
}

std::string Dialogue::verdict() const {
  std::string last;
  for (const auto& exchange : exchanges) {
    if (exchange.step == Step::quit || exchange.answer.empty()) continue;
    last = exchange.answer.back();
    if (!exchange.accepted) break;
  }
  return last;
}

std::string side_by_side(std::span<const Dialogue> dialogues, unsigned width, Paint paint) {
  if (dialogues.empty()) return {};
  return width < kColumnsFrom ? stacked(dialogues, width, paint) : in_columns(dialogues, width, paint);
}

}  // namespace homeward::app::sandbox
