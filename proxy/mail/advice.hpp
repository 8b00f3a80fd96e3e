// Advice: the error catalogue. From what a server said (code, enhanced code, text) to one plain sentence,
// whose fault it is, what to do, and whether a 5yz is known to pass by itself. The rows are data
// (conf/advice.ini, read by conf); here is the matching alone. Pure. Replies are looked up by delivery,
// pasted texts by explanation.hpp. product.md 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/smtp/reply.hpp"

namespace homeward::mail {

/// What in a message a server may take where it has refused it: the account's own address as sender, or in
/// From as well.
enum class Repair : std::uint8_t { sender, from };

enum class Cause : std::uint8_t { you, provider, network, homeward };

struct Advice {
  std::string name;      ///< of the row: "recipient-host-unverified"
  std::string sentence;  ///< plain, one, without a dot at its end
  Cause cause = Cause::provider;
  std::string cure;                  ///< what to do
  bool temporary = false;            ///< a 5yz of this kind passes by itself: it is treated as 4yz
  std::vector<Repair> repairs = {};  ///< what may help at once: delivery/sender_repairs.hpp
  std::string kind = {};  ///< rows of one kind mean the same to people; the row's name where none is given
};

/// Where a row's words are met. Delivery looks up replies alone: what a mail program or a printer writes must
/// not decide whether a message is tried again.
enum class Place : std::uint8_t { reply, box };

/// One row: all that are given must hold.
struct AdviceRow {
  Advice advice;
  std::vector<int> codes;              ///< any of them; empty: any code
  std::vector<EnhancedCode> enhanced;  ///< any of them; empty: any
  /// Each a piece of text, lower case, with `*` for anything between; one of them has to be in the reply.
  /// Empty: any text.
  std::vector<std::string> texts;
  std::string provider;  ///< empty: any
  Place place = Place::reply;
};

/// A reply, or as much of one as a pasted text shows.
struct Heard {
  std::optional<int> code;
  std::optional<EnhancedCode> enhanced;
  std::string_view line;  ///< as one_line() writes it
};

/// A row that fits, and why.
struct Hit {
  const AdviceRow* row = nullptr;
  std::size_t letters = 0;  ///< of the words that were found; 0: it fits by its codes alone
};

class AdviceTable {
 public:
  AdviceTable() = default;
  explicit AdviceTable(std::vector<AdviceRow> rows) : rows_(std::move(rows)) {}

  /// The first row that fits; null where none does: unknown, which is said rather than guessed.
  const Advice* find(const smtp::Reply& reply, std::string_view provider = {}) const;
  /// True for 4yz, and for a 5yz that the catalogue knows to be temporary.
  bool is_temporary(const smtp::Reply& reply, std::string_view provider = {}) const;
  /// The first row for replies that fits. Where neither code nor enhanced code is known, its words have to
  /// be there, telling ones, and its codes are not asked for; where the enhanced code alone is, its class
  /// stands for the code.
  std::optional<Hit> look_up(const Heard& heard, std::string_view provider = {}) const;
  /// The first row for boxes whose words are in `line`, which is as one_line() writes it.
  std::optional<Hit> look_in_box(std::string_view line) const;
  const std::vector<AdviceRow>& rows() const { return rows_; }

 private:
  std::vector<AdviceRow> rows_;
};

/// Lower case (ASCII), one blank between words.
std::string one_line(std::string_view text);

}  // namespace homeward::mail
