// Rewrites a message's header while its content passes: From where the provider takes no other, Reply-To,
// Sender, what is missing, Bcc. All else stays as it came, octet by octet, and so does the body. Pure, and
// bounded by one field (kMaxHeldField). RFC 5322 §3.6, RFC 6409 §8; docs/decisions.md says what becomes of
// broken headers. Called by delivery/submission between the client's content and its framing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/mail/from_field.hpp"
#include "proxy/mail/header_notes.hpp"
#include "proxy/mail/header_order.hpp"
#include "proxy/mail/header_scanner.hpp"

namespace homeward::mail {

class HeaderRewriter : private HeaderSink {
 public:
  explicit HeaderRewriter(HeaderOrder order);
  HeaderRewriter(const HeaderRewriter&) = delete;
  HeaderRewriter& operator=(const HeaderRewriter&) = delete;

  /// Content, each line ended by CR LF, cut anywhere; what goes on is appended to `out`. Where is_done(), it
  /// is the same octets: the caller may pass them on himself.
  void feed(std::string_view block, std::string& out);
  /// The content is over.
  void finish(std::string& out);
  /// The header has passed.
  bool is_done() const { return scanner_.is_done(); }
  /// Whole once is_done().
  const HeaderNotes& notes() const { return notes_; }

 private:
  enum class Name : std::uint8_t {
    other,
    from,
    sender,
    reply_to,
    date,
    message_id,
    bcc,
    dkim_signature,
    content_type
  };
  static Name name_of(std::string_view name);

  Treatment on_field(std::string_view name) override;
  void on_octets(std::string_view octets) override;
  void on_held(std::string_view field) override;
  Treatment on_overlong(std::string_view begun) override;
  void on_mbox_line() override;
  void on_end(HeaderEnd how) override;

  void put(std::string_view octets);
  bool rewrites() const;
  bool replaces_sender() const { return rewrites() || order_.add_sender_field; }
  Treatment on_from();
  void put_from(std::string_view field);
  void replace_from(std::string_view field, const FromField& from);
  void put_sender(std::string_view field);
  void note_signature(std::string_view field);
  std::string added_fields();
  void judge_signatures();

  HeaderOrder order_;
  HeaderScanner scanner_;
  HeaderNotes notes_;
  std::string* out_ = nullptr;        // while a call runs
  std::string reply_to_;              // what a Reply-To would say
  std::vector<std::string> changed_;  // names of fields, lower case
  Name current_ = Name::other;
  bool is_line_open_ = false;  // what was put last has no line end
  bool has_from_ = false;
  bool has_sender_ = false;
  bool has_reply_to_ = false;
  bool has_date_ = false;
  bool has_message_id_ = false;
  bool wants_sender_ = false;  // From names others than the account, or several
};

}  // namespace homeward::mail
