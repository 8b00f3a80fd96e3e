// Runs a message through a HeaderRewriter, whole and cut at every octet.
#pragma once

#include <string>
#include <string_view>

#include "proxy/mail/header_rewriter.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/mail/make_account.hpp"

namespace homeward::mail {

struct Rewritten {
  std::string content;
  HeaderNotes notes;
  bool operator==(const Rewritten&) const = default;
};

/// Nothing is missing, nothing is added, unless the order says so.
inline HeaderOrder order_for(RewriteFrom rewrite_from) {
  HeaderOrder order;
  order.own = mailbox("ann@isp.example");
  order.owned = {order.own, mailbox("ann.smith@isp.example")};
  order.rewrite_from = rewrite_from;
  order.date = "Tue, 24 Nov 2026 17:00:00 +0000";
  order.message_id = "<id1@home.example>";
  return order;
}

inline Rewritten rewritten_in_two(const HeaderOrder& order, std::string_view content, std::size_t cut) {
  HeaderRewriter rewriter(order);
  Rewritten result;
  rewriter.feed(content.substr(0, cut), result.content);
  rewriter.feed(content.substr(cut), result.content);
  rewriter.finish(result.content);
  result.notes = rewriter.notes();
  return result;
}

/// The same wherever the content is cut.
inline Rewritten rewritten(const HeaderOrder& order, std::string_view content) {
  const auto whole = rewritten_in_two(order, content, 0);
  for (std::size_t cut = 1; cut < content.size(); ++cut) {
    CAPTURE(cut);
    REQUIRE(rewritten_in_two(order, content, cut) == whole);
  }
  HeaderRewriter rewriter(order);
  std::string out;
  for (const char c : content) rewriter.feed({&c, 1}, out);
  rewriter.finish(out);
  REQUIRE(out == whole.content);
  return whole;
}

}  // namespace homeward::mail
