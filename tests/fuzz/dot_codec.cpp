// Fuzz target: content from the wire, and out again. RFC 5321 §4.5.2; safety.md 2.1.
#include "proxy/smtp/dot_codec.hpp"

#include <algorithm>

#include "tests/fuzz/targets.hpp"

namespace homeward::fuzz {

namespace {

using smtp::BareLf;
using smtp::ContentFault;
using smtp::DotDecoder;
using smtp::DotEncoder;

struct Decoded {
  std::string content;
  std::size_t consumed = 0;
  bool ended = false;
  ContentFault fault = ContentFault::none;
  bool mended = false;
  bool eight_bit = false;

  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view input, BareLf mode, std::size_t piece) {
  DotDecoder decoder(mode);
  Decoded result;
  while (!input.empty() && !result.ended) {
    const auto part = input.substr(0, piece);
    const auto before = result.content.size();
    const auto step = decoder.decode(part, result.content);
    promise(step.ended ? step.consumed <= part.size() : step.consumed == part.size(),
            "all is taken up to the end");
    promise(result.content.size() - before <= part.size() * 2 + 2, "decoding is bounded");
    result.consumed += step.consumed;
    result.ended = step.ended;
    input.remove_prefix(part.size());
  }
  result.fault = decoder.fault();
  result.mended = decoder.mended_bare_lf();
  result.eight_bit = decoder.has_eight_bit();
  return result;
}

std::string encode(std::string_view content, std::size_t piece) {
  DotEncoder encoder;
  std::string wire;
  while (!content.empty()) {
    const auto part = content.substr(0, piece);
    const auto before = wire.size();
    encoder.encode(part, wire);
    promise(wire.size() - before <= part.size() * 2 + 2, "encoding is bounded");
    content.remove_prefix(part.size());
  }
  encoder.finish(wire);
  return wire;
}

/// The end by the letter of RFC 5321 §4.1.1.4: the CR LF of DATA counts as the one before.
std::size_t true_end(std::string_view input) {
  const auto at = ("\r\n" + std::string(input)).find("\r\n.\r\n");
  return at == std::string::npos ? std::string::npos : at + 3;
}

bool has_only_crlf(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return false;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
  }
  return true;
}

void check_wire(std::string_view wire) {
  promise(has_only_crlf(wire), "the wire has no line end but CR LF, and no NUL");
  promise(true_end(wire) == wire.size(), "the wire ends at its end and nowhere before");
}

void check_decoded(const Decoded& decoded, std::string_view input) {
  const auto end = true_end(input);
  promise(decoded.ended == (end != std::string::npos), "content ends where CR LF . CR LF stands");
  promise(!decoded.ended || decoded.consumed == end, "and nowhere else");
  promise(has_only_crlf(decoded.content), "content has no line end but CR LF, and no NUL");
  promise(!decoded.ended || decoded.content.empty() || decoded.content.ends_with("\r\n"),
          "content is whole lines");
  const auto taken = input.substr(0, decoded.consumed);
  const auto is_high = [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; };
  promise(decoded.eight_bit == std::ranges::any_of(taken, is_high), "eight-bit octets are told");
  if (decoded.ended && decoded.fault == ContentFault::none && !decoded.mended) {
    promise(has_only_crlf(taken), "what had a fault is told");
  }
}

}  // namespace

void fuzz_dot_codec(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input.front());
  const std::size_t piece = 1 + (choice >> 1U);
  const auto mode = (choice & 1U) == 0 ? BareLf::mend : BareLf::refuse;
  input.remove_prefix(1);

  const auto decoded = decode(input, mode, input.size());
  promise(decoded == decode(input, mode, piece), "pieces decode as the whole does");
  promise(decoded == decode(input, mode, 1), "single octets too");
  check_decoded(decoded, input);

  const auto wire = encode(decoded.content, decoded.content.size());
  promise(wire == encode(decoded.content, piece), "pieces encode as the whole does");
  check_wire(wire);
  if (decoded.ended) {
    const auto again = decode(wire, BareLf::refuse, piece);
    promise(again.content == decoded.content && again.fault == ContentFault::none,
            "content survives the round");
  }
  const auto raw = encode(input, input.size());
  promise(raw == encode(input, piece), "pieces of anything encode as the whole does");
  check_wire(raw);
}

}  // namespace homeward::fuzz
