// Rewriting of the reverse-path. product.md 4: `rewrite_sender`, `null_sender`.
#include "proxy/mail/rewrite.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/mail/make_account.hpp"

namespace homeward::mail {
namespace {

TEST_CASE("rewrite: rewrite_sender decides what becomes of a sender") {
  struct Case {
    RewriteSender rule;
    std::string_view from;
    std::string_view written;
  };
  const auto c = GENERATE(Case{RewriteSender::always, "bob@else.example", "<ann@isp.example>"},
                          Case{RewriteSender::always, "a.smith@isp.example", "<ann@isp.example>"},
                          Case{RewriteSender::always, "ANN@isp.example", "<ann@isp.example>"},
                          Case{RewriteSender::unless_own, "bob@else.example", "<ann@isp.example>"},
                          Case{RewriteSender::unless_own, "a.smith@isp.example", "<a.smith@isp.example>"},
                          Case{RewriteSender::unless_own, "ANN@isp.example", "<ANN@isp.example>"},
                          Case{RewriteSender::never, "bob@else.example", "<bob@else.example>"},
                          Case{RewriteSender::never, "ann@isp.example", "<ann@isp.example>"});
  auto account = make_account("home", "ann@isp.example");
  account.aliases = {mailbox("a.smith@isp.example")};
  account.rewrite_sender = c.rule;
  CAPTURE(static_cast<int>(c.rule), c.from);
  CHECK(rewrite_sender(account, sender(c.from)).to_string() == c.written);
}

TEST_CASE("rewrite: null_sender, and no other rule, decides what becomes of the null sender") {
  struct Case {
    NullSender rule;
    std::string_view written;
  };
  const auto c = GENERATE(Case{NullSender::automatic, "<>"}, Case{NullSender::keep, "<>"},
                          Case{NullSender::rewrite, "<ann@isp.example>"});
  auto account = make_account("home", "ann@isp.example");
  account.null_sender = c.rule;
  account.rewrite_sender = GENERATE(RewriteSender::always, RewriteSender::unless_own, RewriteSender::never);
  CAPTURE(static_cast<int>(c.rule), static_cast<int>(account.rewrite_sender));
  CHECK(rewrite_sender(account, sender("<>")).to_string() == c.written);
}

}  // namespace
}  // namespace homeward::mail
