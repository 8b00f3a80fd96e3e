#include "proxy/frontend/content_intake.hpp"

#include <fmt/format.h>

#include <utility>

namespace homeward::frontend {
namespace {

StatusReply refusal_of(smtp::ContentFault fault) {
  switch (fault) {
    case smtp::ContentFault::bare_cr:
      return {554, {5, 6, 0}, "The message holds a CR without LF, which no mail may: end lines with CR LF"};
    case smtp::ContentFault::bare_lf:
      return {554, {5, 6, 0}, "The message holds a LF without CR: end lines with CR LF, or tolerate bare-lf"};
    case smtp::ContentFault::nul:
      return {554, {5, 6, 0}, "The message holds a NUL character: send it encoded (base64)"};
    case smtp::ContentFault::none:
      break;
  }
  return {554, {5, 6, 0}, "The message holds characters that no mail may"};
}

}  // namespace

ContentIntake::ContentIntake(IntakeLimits limits)
    : limits_(std::move(limits)), decoder_(limits_.bare_lf), loop_watch_(limits_.hostname) {}

ContentIntake::Step ContentIntake::feed(std::string_view bytes) {
  content_.clear();
  const auto step = decoder_.decode(bytes, content_);
  octets_ += content_.size();
  if (!refusal_) loop_watch_.feed(content_);
  check();
  if (refusal_) content_.clear();
  return {step.consumed, step.ended};
}

void ContentIntake::check() {
  if (refusal_) return;
  if (decoder_.fault() != smtp::ContentFault::none) {
    refusal_ = refusal_of(decoder_.fault());
  } else if (octets_ > limits_.max_message_size) {
    refusal_ = StatusReply{
        552,
        {5, 3, 4},
        fmt::format("Message too large: at most {} octets are taken here", limits_.max_message_size)};
  } else if (loop_watch_.is_loop()) {
    refusal_ = StatusReply{
        554, {5, 4, 6}, "Mail loop: this message has come by here before, or has been handed on too often"};
  }
}

}  // namespace homeward::frontend
