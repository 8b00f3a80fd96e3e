// Cuts a message's header into fields as its octets come, and knows where it ends. What a field says is its
// sink's business, which chooses for each field whether it passes, is dropped, or is held until it is whole.
// Pure, and bounded: at most kMaxHeldField octets are held. RFC 5322 §2.2 (fields, folding), §4.5 (blanks
// before the colon). Called by HeaderRewriter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace homeward::mail {

inline constexpr std::size_t kMaxHeldField = 64UL << 10U;
inline constexpr std::size_t kMaxFieldName = 998;

/// What becomes of a field.
enum class Treatment : std::uint8_t { pass, hold, drop };

enum class HeaderEnd : std::uint8_t {
  empty_line,   ///< as it should be; the line comes next
  no_field,     ///< a line that neither is a field nor continues one; it comes next
  end_of_data,  ///< there is no body
};

class HeaderSink {
 public:
  virtual ~HeaderSink() = default;
  /// A field begins. `name` is as written, without blanks.
  virtual Treatment on_field(std::string_view name) = 0;
  /// Octets of fields that pass; behind on_end, what is known of the body's beginning.
  virtual void on_octets(std::string_view octets) = 0;
  /// A field that was held, from its name to its last line end.
  virtual void on_held(std::string_view field) = 0;
  /// A held field is longer than kMaxHeldField, and this is its beginning. What becomes of its rest: pass or
  /// drop.
  virtual Treatment on_overlong(std::string_view begun) = 0;
  /// The line of an mbox file that stood before the header; it is dropped.
  virtual void on_mbox_line() = 0;
  /// The header is over.
  virtual void on_end(HeaderEnd how) = 0;

 protected:
  HeaderSink() = default;
  HeaderSink(const HeaderSink&) = default;
  HeaderSink& operator=(const HeaderSink&) = default;
};

class HeaderScanner {
 public:
  explicit HeaderScanner(HeaderSink& sink) : sink_(sink) {}

  /// How many octets were used: fewer than there are only once the header has ended, and what is left is
  /// body.
  std::size_t feed(std::string_view octets);
  /// The message is over.
  void finish();
  bool is_done() const { return done_; }

 private:
  enum class Place : std::uint8_t { line_start, name, blanks, after_cr, in_line };

  void take(char c);
  void begin_line(char c);
  void take_name(char c);
  void begin_field();
  std::size_t take_line(std::string_view octets);
  void give(std::string_view octets);
  void end_field();
  void bad_line();
  void end(HeaderEnd how);

  HeaderSink& sink_;
  std::string head_;  // of a line, until it is known what it is
  std::string held_;
  std::size_t name_length_ = 0;
  Place place_ = Place::line_start;
  Treatment treatment_ = Treatment::pass;
  bool in_field_ = false;
  bool is_first_line_ = true;
  bool done_ = false;
};

}  // namespace homeward::mail
