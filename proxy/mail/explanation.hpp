// Explanation: what the error catalogue knows of a pasted text: an error box, a bounce, a line of a log, a
// reply. It rather finds nothing than guesses. Called by `homeward explain`; nothing is asked of any network.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "proxy/mail/advice.hpp"

namespace homeward::mail {

inline constexpr std::size_t kMaxFindings = 3;

struct Finding {
  const Advice* advice = nullptr;  ///< of the table that was asked
  std::optional<int> code;         ///< of the reply that it was found for
  std::optional<EnhancedCode> enhanced;
  bool passes = false;  ///< by itself: 4yz, or known to
};

struct Explanation {
  std::vector<Finding> findings;    ///< the best first, kMaxFindings at most; empty: unknown
  std::optional<int> unknown_code;  ///< where all is unknown: of the first reply in it
};

/// Reads the first kMaxPasted octets.
Explanation explain(const AdviceTable& table, std::string_view pasted);

}  // namespace homeward::mail
