// ContentIntake: the watch over a client's content on its way in: its true end, forbidden bytes, size and
// loops. Blocks in, content blocks out; a message that must be refused is read on to its true end all the
// same, so that client and server stay in step. Pure. safety.md 2.1, 2.9, 2.10.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/error.hpp"
#include "proxy/mail/received.hpp"
#include "proxy/smtp/dot_codec.hpp"

namespace homeward::frontend {

struct IntakeLimits {
  std::string hostname;  ///< ours, for the loop watch
  std::uint64_t max_message_size = 0;
  smtp::BareLf bare_lf = smtp::BareLf::mend;
};

class ContentIntake {
 public:
  explicit ContentIntake(IntakeLimits limits);

  struct Step {
    std::size_t consumed = 0;  ///< octets of the input that belonged to the content
    bool ended = false;
  };
  /// Takes bytes from the wire; content() then holds what they meant.
  Step feed(std::string_view bytes);
  /// The content of the last feed(); empty once the message is refused.
  std::string_view content() const { return content_; }

  /// Why the message can't be taken: 552 5.3.4, 554 5.6.0, 554 5.4.6. Nothing while it is good.
  const std::optional<StatusReply>& refusal() const { return refusal_; }
  bool mended_bare_lf() const { return decoder_.mended_bare_lf(); }

 private:
  void check();

  IntakeLimits limits_;
  smtp::DotDecoder decoder_;
  mail::LoopWatch loop_watch_;
  std::string content_;
  std::uint64_t octets_ = 0;
  std::optional<StatusReply> refusal_;
};

}  // namespace homeward::frontend
