// Account: a mailbox at a provider, as far as choosing it and writing its sender goes (product.md 4).
// How its server is reached and its login is made stands in conf::AccountConfig.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/mail/local_user.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::mail {

/// One entry of `senders`: own, user@dom, *@dom, *@*.dom, or *.
class SenderPattern {
 public:
  enum class Kind : std::uint8_t { own, address, domain, subdomains, any };

  /// Nothing where the text is none of the five forms.
  static std::optional<SenderPattern> parse(std::string_view text);
  /// The pattern of one address.
  static SenderPattern exactly(smtp::Mailbox address);
  Kind kind() const { return kind_; }
  /// `own` has no address of its own: ask Account::owns. `any` matches `<>` too.
  bool matches(const smtp::ReversePath& path) const;
  /// Whether this one matches all that `other` matches. `own` stands for nothing here, as in matches().
  bool covers(const SenderPattern& other) const;
  std::string to_string() const;
  bool operator==(const SenderPattern&) const = default;

 private:
  Kind kind_ = Kind::own;
  std::optional<smtp::Mailbox> address_;
  std::string domain_;  // lower case
};

/// One entry of `local_users`: a user of this machine by name, or by number.
struct LocalUserRule {
  std::string name;                 ///< empty: by number
  std::optional<std::uint32_t> id;  ///< none: by name

  /// NAME, or #NUMBER; nothing where the text is neither.
  static std::optional<LocalUserRule> parse(std::string_view text);
  bool matches(const LocalUser& user) const;
  std::string to_string() const;
  bool operator==(const LocalUserRule&) const = default;
};

enum class RewriteSender : std::uint8_t { always, unless_own, never };
enum class NullSender : std::uint8_t { automatic, keep, rewrite };
/// Of the From field; `automatic` is what the provider's rule asks for, and `never` where none is known.
enum class RewriteFrom : std::uint8_t { automatic, never, unless_own, always };
enum class AddSenderField : std::uint8_t { automatic, yes, no };

/// The fields that are added where a message has none.
struct AddMissing {
  bool date = true;
  bool message_id = true;
  bool from = true;
  bool operator==(const AddMissing&) const = default;
};

struct Account {
  std::string name;
  smtp::Mailbox address;
  std::vector<smtp::Mailbox> aliases;
  std::vector<SenderPattern> senders;  ///< never empty: `own` by default
  std::vector<Network> clients;        ///< empty: any
  std::vector<std::string> listeners;  ///< empty: any
  std::vector<std::string> users;      ///< logins at a listener, compared octet by octet; empty: any, or none
  std::vector<LocalUserRule> local_users;  ///< owners of a loopback client's socket; empty: any client
  RewriteSender rewrite_sender = RewriteSender::unless_own;
  NullSender null_sender = NullSender::automatic;
  RewriteFrom rewrite_from = RewriteFrom::automatic;
  AddSenderField add_sender_field = AddSenderField::automatic;
  AddMissing add_missing;
  bool hide_client = true;

  /// Whether the provider lets this login send as `mailbox`: its address or an alias.
  bool owns(const smtp::Mailbox& mailbox) const;
  /// Whether one of `senders` takes `from`.
  bool serves(const smtp::ReversePath& from) const;
  bool operator==(const Account&) const = default;
};

}  // namespace homeward::mail
