// Dialogue: an SMTP session as it was held, and how three of them are shown side by side. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace homeward::app::sandbox {

/// What a client says in a session, in this order. Dialogues are aligned by it.
enum class Step : std::uint8_t { greeting, hello, mail, rcpt, data, content, quit };
inline constexpr unsigned kSteps = 7;

struct Exchange {
  Step step = Step::greeting;
  std::vector<std::string> said;    ///< by the client; none at the greeting
  std::vector<std::string> answer;  ///< by the server, as on the wire, without line ends
  bool accepted = false;
};

struct Dialogue {
  std::string title;
  std::string place;  ///< a second line of the title
  std::vector<Exchange> exchanges;

  /// True where the message was taken.
  bool delivered() const;
  /// The answer that decided: the first refusal, else the last one before QUIT.
  std::string verdict() const;
};

enum class Paint : std::uint8_t { none, terminal };

/// Narrower than this, dialogues stand one under the other.
inline constexpr unsigned kColumnsFrom = 80;

std::string side_by_side(std::span<const Dialogue> dialogues, unsigned width, Paint paint);

}  // namespace homeward::app::sandbox
