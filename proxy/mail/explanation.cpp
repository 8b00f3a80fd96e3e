// Three ways to a finding: a reply in the text, the words of a box, the words of a reply whose code was left
// out. Each finding has a weight; words weigh more than numbers, and long words more than short ones.
#include "proxy/mail/explanation.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "proxy/base/text.hpp"
#include "proxy/mail/pasted_text.hpp"

namespace homeward::mail {
namespace {

/// Words of this length are hardly met by chance.
constexpr std::size_t kTelling = 12;
/// A long text is looked at in pieces: what stands far apart has nothing to do with each other.
constexpr std::size_t kPiece = 1500;
constexpr std::size_t kStep = 1000;

enum class Weight : std::uint8_t { code, box_number, bare_words, enhanced, short_words, box_words, words };

struct Weighed {
  Finding finding;
  Weight weight = Weight::code;
};

bool has_any(std::string_view line, std::string_view words) {
  return std::ranges::any_of(text::split(words, '|'),
                             [&](std::string_view word) { return line.find(word) != line.npos; });
}

/// Whether the text is about sending mail, or about something that went wrong there.
bool is_about_mail(std::string_view line) {
  return has_any(
      line,
      "smtp|postfix|exim|sendmail|dsn=|status=|mailer-daemon|rcpt|said:|sasl|mail server|0x8|recipient|"
      "rejected|undeliver|could not be sent|bounce|starttls|mailbox|relay|delivery has failed|maildir|"
      "wasn't delivered|not be delivered|delivering your mail|unable to deliver|diagnostic|x-notes|"
      "your message to|dns type|login|auth");
}

/// What makes a code alone believed: 535 is nothing but a refused login, where the text is about one.
bool is_about_logins(std::string_view line) {
  return has_any(line, "login|auth|password|passwor|kennwort|smtp");
}

std::vector<std::string_view> pieces_of(std::string_view line) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at == 0 || at + (kPiece - kStep) < line.size(); at += kStep)
    pieces.push_back(line.substr(at, kPiece));
  return pieces;
}

/// What is found, each kind of thing once, the weightiest first.
class Collection {
 public:
  void add(const Hit& hit, Weight weight, const Quoted& quoted = {}) {
    const auto& advice = hit.row->advice;
    const bool is_transient =
        (quoted.code && *quoted.code < 500) || (quoted.enhanced && quoted.enhanced->status == 4);
    Weighed weighed{{&advice, quoted.code, quoted.enhanced, advice.temporary || is_transient}, weight};
    const auto same = std::ranges::find_if(
        found_, [&](const Weighed& other) { return other.finding.advice->kind == advice.kind; });
    if (same == found_.end())
      found_.push_back(weighed);
    else if (same->weight < weight)
      *same = weighed;
  }
  std::vector<Finding> best() && {
    std::vector<Finding> findings;
    while (!found_.empty() && findings.size() < kMaxFindings) {
      const auto best = std::ranges::max_element(found_, {}, &Weighed::weight);  // the first of equals
      findings.push_back(best->finding);
      found_.erase(best);
    }
    return findings;
  }
  bool has(Weight least) const {
    return std::ranges::any_of(found_, [&](const Weighed& weighed) { return weighed.weight >= least; });
  }

 private:
  std::vector<Weighed> found_;
};

Weight weight_of(const Hit& hit, const Quoted& quoted) {
  if (hit.letters >= kTelling) return Weight::words;
  if (hit.letters > 0) return Weight::short_words;
  return hit.row->enhanced.empty() || !quoted.enhanced ? Weight::code : Weight::enhanced;
}

/// A number of three digits is many a thing, and an enhanced code may be the number of a version.
bool is_believed(const Quoted& quoted, Weight weight, std::string_view line) {
  if (weight >= Weight::words) return true;
  if (!quoted.code) return quoted.marked;
  if (quoted.enhanced) return true;
  if (weight == Weight::code) return is_about_logins(line);
  return line.starts_with(std::to_string(*quoted.code)) || is_about_mail(line);
}

void look_at_replies(const AdviceTable& table, std::span<const Quoted> replies, std::string_view line,
                     Collection& found) {
  for (const auto& quoted : replies) {
    const auto hit = table.look_up({quoted.code, quoted.enhanced, quoted.words});
    if (!hit) continue;
    const auto weight = weight_of(*hit, quoted);
    if (is_believed(quoted, weight, line)) found.add(*hit, weight, quoted);
  }
}

void look_at_words(const AdviceTable& table, std::string_view piece, bool about_mail, Collection& found) {
  const auto hit = table.look_up({std::nullopt, std::nullopt, piece});
  if (!hit) return;
  const bool is_most_of_it = hit->letters >= kTelling && hit->letters * 5 >= piece.size();
  if (about_mail || is_most_of_it) found.add(*hit, Weight::bare_words);
}

}  // namespace

Explanation explain(const AdviceTable& table, std::string_view pasted) {
  const auto line = plain_line(pasted);
  const auto about_mail = is_about_mail(line);
  const auto replies = quoted_replies(line);
  const auto words = without_repeated_codes(line);
  const auto pieces = pieces_of(words);
  Collection found;
  look_at_replies(table, replies, line, found);
  for (const auto piece : pieces)
    if (const auto hit = table.look_in_box(piece))
      found.add(*hit, hit->letters >= kTelling ? Weight::box_words : Weight::box_number);
  if (!found.has(Weight::short_words))
    for (const auto piece : pieces) look_at_words(table, piece, about_mail, found);
  const auto first =
      std::ranges::find_if(replies, [](const Quoted& quoted) { return quoted.code.has_value(); });
  const bool has_code = first != replies.end() && (first->enhanced || about_mail);
  return {std::move(found).best(), has_code ? first->code : std::nullopt};
}

}  // namespace homeward::mail
