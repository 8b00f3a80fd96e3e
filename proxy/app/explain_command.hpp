// `homeward explain`: what an error box, a bounce, a line of a log or a reply means, whose fault it is and
// what to do, by the built-in catalogue, offline. Called by main.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/mail/explanation.hpp"

namespace homeward::app {

/// The exit code where nothing is known of the text.
inline constexpr int kUnknownText = 1;

/// Explains `words`, or what is read from standard input where there are none ("-" too). Returns 0,
/// kUnknownText, or 64 where there is no text.
int run_explain(const std::vector<std::string>& words, bool json);

/// For people; nothing of the text that was given stands in it.
std::string explanation_text(const mail::Explanation& explanation);
std::string explanation_json(const mail::Explanation& explanation);

}  // namespace homeward::app
