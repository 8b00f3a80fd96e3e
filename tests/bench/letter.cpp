#include "tests/bench/letter.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view kMark = "X-Bench: ";
constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kWidth = 76;
constexpr std::uint64_t kDotted = 32;  // one line in so many begins with a dot

/// Small and quick; what it gives has to differ, no more.
class Dice {
 public:
  explicit Dice(std::string_view seed) {
    for (const char c : seed) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  std::uint64_t roll() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return state_ >> 33U;
  }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

std::string header(std::string_view id) {
  return fmt::format(
      "From: <ann@provider.test>\r\nTo: <{}>\r\nSubject: bench {}\r\nDate: Tue, 24 Nov 2026 10:00:00 "
      "+0000\r\n"
      "Message-ID: <{}@bench.test>\r\n\r\n",
      recipient_of(id), id, id);
}

/// Letters and digits alone but for its first octet, so that a dot is rare, as in real content.
std::string line(Dice& dice) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  text.reserve(kWidth + kEnd.size());
  if (dice.roll() % kDotted == 0) text += '.';
  while (text.size() < kWidth) {
    auto value = dice.roll();
    for (int i = 0; i < 6 && text.size() < kWidth; ++i, value >>= 5U) text += kLetters[value & 31U];
  }
  return text.append(kEnd);
}

}  // namespace

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("no SHA-256");
}

void Digest::feed(std::string_view octets) {
  EVP_DigestUpdate(context_.get(), octets.data(), octets.size());
}

std::string Digest::hex() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(context_.get(), &bytes[0], &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

Letter make_letter(std::string id, std::size_t octets) {
  const auto head = header(id);
  Dice dice(id);
  Digest digest;
  digest.feed(head);
  std::string stuffed = head;
  stuffed.reserve(octets + octets / 64);
  std::size_t size = head.size();
  while (size < octets) {
    const auto text = line(dice);
    digest.feed(text);
    if (text.front() == '.') stuffed += '.';
    stuffed += text;
    size += text.size();
  }
  auto wire = fmt::format("{}{} {} {}\r\n{}.\r\n", kMark, id, size, digest.hex(), stuffed);
  return {.id = std::move(id), .wire = std::move(wire)};
}

std::string recipient_of(std::string_view id) {
  return fmt::format("to.{}@provider.test", id);
}

std::string id_in(std::string_view recipient) {
  if (!recipient.starts_with("to.")) return {};
  return std::string(recipient.substr(3, recipient.find('@') - 3));
}

void Checker::feed(std::string_view content) {
  if (!marked_) {
    if (head_.size() >= kMostHead) return;
    head_ += content;
    if (!find_mark()) return;
    content = head_;
  }
  digest_.feed(content);
  octets_ += content.size();
}

/// Leaves in head_ what stands behind the mark.
bool Checker::find_mark() {
  std::size_t at = 0;
  if (!head_.starts_with(kMark)) {
    at = head_.find("\r\n" + std::string(kMark));
    if (at == std::string::npos) return false;
    at += kEnd.size();
  }
  at += kMark.size();
  const auto end = head_.find(kEnd, at);
  if (end == std::string::npos) return false;
  const auto text = std::string_view(head_).substr(at, end - at);
  const auto first = text.find(' ');
  const auto last = text.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  id_ = text.substr(0, first);
  const auto number = text.substr(first + 1, last - first - 1);
  std::from_chars(number.data(), number.data() + number.size(), announced_);
  sha256_ = text.substr(last + 1);
  marked_ = true;
  head_.erase(0, end + kEnd.size());
  return true;
}

Checker::Verdict Checker::finish() {
  if (!marked_) return {};
  const bool whole = octets_ == announced_ && digest_.hex() == sha256_;
  return {.state = whole ? State::whole : State::altered, .id = id_};
}

}  // namespace bench
