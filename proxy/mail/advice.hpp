// Advice: the error catalogue. From what a server said (code, enhanced code, text) to one plain sentence,
// whose fault it is, what to do, and whether a 5yz is known to pass by itself. The rows are data
// (conf/advice.ini, read by conf); here is the matching alone. Pure. product.md 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/smtp/reply.hpp"

namespace homeward::mail {

enum class Cause : std::uint8_t { you, provider, network, homeward };

struct Advice {
  std::string name;      ///< of the row: "recipient-host-unverified"
  std::string sentence;  ///< plain, one, without a dot at its end
  Cause cause = Cause::provider;
  std::string cure;        ///< what to do
  bool temporary = false;  ///< a 5yz of this kind passes by itself: it is treated as 4yz
};

/// One row: all that are given must hold.
struct AdviceRow {
  Advice advice;
  std::vector<int> codes;              ///< any of them; empty: any code
  std::vector<EnhancedCode> enhanced;  ///< any of them; empty: any
  /// Each a piece of text, lower case, with `*` for anything between; one of them has to be in the reply.
  /// Empty: any text.
  std::vector<std::string> texts;
  std::string provider;  ///< empty: any
};

class AdviceTable {
 public:
  AdviceTable() = default;
  explicit AdviceTable(std::vector<AdviceRow> rows) : rows_(std::move(rows)) {}

  /// The first row that fits; null where none does: unknown, which is said rather than guessed.
  const Advice* find(const smtp::Reply& reply, std::string_view provider = {}) const;
  /// True for 4yz, and for a 5yz that the catalogue knows to be temporary.
  bool is_temporary(const smtp::Reply& reply, std::string_view provider = {}) const;
  const std::vector<AdviceRow>& rows() const { return rows_; }

 private:
  std::vector<AdviceRow> rows_;
};

}  // namespace homeward::mail
