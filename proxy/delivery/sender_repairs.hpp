// SenderRepairs: what each account has learned about the senders that its provider takes. Where a refusal
// says that a sender or a From is not the login's, the same message is tried once more with the account's own
// address; what helped is remembered, also over a restart, until the account's settings change. Told of by
// every delivery; kept by the daemon. product.md 3, 4; field-notes "Identity / From".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "proxy/mail/advice.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::delivery {

/// How a message is changed beyond what the account's settings ask for.
struct SenderRules {
  bool own_sender = false;       ///< the account's address in place of any other reverse-path
  bool own_null_sender = false;  ///< and in place of `<>`
  bool own_from = false;         ///< and in From

  bool operator==(const SenderRules&) const = default;
};

/// One thing to learn.
enum class Lesson : std::uint8_t { sender, null_sender, from };
std::string_view to_string(Lesson lesson);

/// What may help a refused message: by what its refusal means (`advice`, may be null), what went as its
/// sender, what it was changed by already, and whether the content had gone. Nothing where nothing is known
/// to.
std::optional<Lesson> lesson_of(const mail::Advice* advice, const smtp::ReversePath& sender,
                                const mail::Account& account, SenderRules used, bool content_went);

class SenderRepairs {
 public:
  /// `store` keeps what an account knows, under its name, over a restart; "" forgets it.
  using Store = std::function<void(const std::string& account, const std::string& text)>;

  void keep_by(Store store) { store_ = std::move(store); }
  /// What was stored by an earlier run; what belongs to other settings, or can't be read, is left out.
  void restore(const conf::Config& config, const std::string& account, std::string_view text);

  /// What holds for the account's messages now, also what is only being tried.
  SenderRules rules(const conf::AccountConfig& account);
  /// From now on by this one, too. False where it was tried before and did not help.
  bool begin(const conf::AccountConfig& account, Lesson lesson);
  /// A message went out that was changed by `used`: what was being tried of it is known to help.
  void worked(const conf::AccountConfig& account, SenderRules used);
  /// One was refused as if nothing had been changed: what was being tried of `used` does not help.
  void failed(const conf::AccountConfig& account, SenderRules used);
  /// For people: what the account has learned, in words; empty: nothing.
  std::vector<std::string> in_words(const conf::AccountConfig& account);

 private:
  enum class State : std::uint8_t { trying, proven, useless };
  struct Known {
    std::string settings;  // that it was learned under
    std::map<Lesson, State> lessons;
  };
  Known& known(const conf::AccountConfig& account);
  void store(const std::string& account, const Known& known) const;

  std::map<std::string, Known> accounts_;  // by name
  Store store_;
};

}  // namespace homeward::delivery
