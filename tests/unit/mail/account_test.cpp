// `senders`: its five forms, what each of them matches, and which covers which. product.md 4.
#include "proxy/mail/account.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/mail/make_account.hpp"

namespace homeward::mail {
namespace {

using Kind = SenderPattern::Kind;

TEST_CASE("account: a sender pattern is one of five forms, whatever its case") {
  struct Case {
    std::string_view text;
    Kind kind;
    std::string_view written;
  };
  const auto c =
      GENERATE(Case{"own", Kind::own, "own"}, Case{"OWN", Kind::own, "own"}, Case{"*", Kind::any, "*"},
               Case{"ann@isp.example", Kind::address, "ann@isp.example"},
               Case{"ann@ISP.Example", Kind::address, "ann@isp.example"},
               Case{"*@isp.example", Kind::domain, "*@isp.example"},
               Case{"*@ISP.Example", Kind::domain, "*@isp.example"},
               Case{"*@[192.0.2.1]", Kind::domain, "*@[192.0.2.1]"},
               Case{"*@*.isp.example", Kind::subdomains, "*@*.isp.example"},
               Case{"*@*.Example", Kind::subdomains, "*@*.example"});
  CAPTURE(c.text);
  const auto parsed = SenderPattern::parse(c.text);
  REQUIRE(parsed);
  CHECK(parsed->kind() == c.kind);
  CHECK(parsed->to_string() == c.written);
}

TEST_CASE("account: a text of no such form is no sender pattern") {
  const auto* const text = GENERATE("", " ", "ann", "@", "ann@", "@isp.example", "*@", "*@*", "*@*.", "**",
                                    "ann*@isp.example", "ann@*.isp.example", "ann@*", "*@isp*.example",
                                    "*@*.*.example", "*@.isp.example", "*@*.[192.0.2.1]", "<ann@isp.example>",
                                    "ann@isp.example bob@isp.example", "*@isp example", "ann@isp..example");
  CAPTURE(text);
  CHECK_FALSE(SenderPattern::parse(text));
}

TEST_CASE("account: a sender pattern matches its senders and no others") {
  struct Case {
    std::string_view pattern;
    std::string_view sender;
    bool matches;
  };
  const auto c = GENERATE(
      Case{"ann@isp.example", "ann@isp.example", true}, Case{"ann@isp.example", "ANN@Isp.EXAMPLE", true},
      Case{"ann@isp.example", "bob@isp.example", false},
      Case{"ann@isp.example", "ann@sub.isp.example", false}, Case{"ann@isp.example", "<>", false},
      Case{"*@isp.example", "bob@ISP.example", true}, Case{"*@isp.example", "bob@sub.isp.example", false},
      Case{"*@isp.example", "bob@notisp.example", false}, Case{"*@isp.example", "<>", false},
      Case{"*@*.isp.example", "bob@a.isp.example", true},
      Case{"*@*.isp.example", "bob@A.B.isp.example", true}, Case{"*@*.isp.example", "bob@isp.example", false},
      Case{"*@*.isp.example", "bob@notisp.example", false},
      Case{"*@*.isp.example", "bob@isp.example.net", false}, Case{"*@*.isp.example", "<>", false},
      Case{"*", "bob@else.example", true}, Case{"*", "<>", true}, Case{"own", "ann@isp.example", false},
      Case{"own", "<>", false});
  CAPTURE(c.pattern, c.sender);
  CHECK(pattern(c.pattern).matches(sender(c.sender)) == c.matches);
}

TEST_CASE("account: a sender pattern covers those that match no more than it does") {
  struct Case {
    std::string_view wide;
    std::string_view narrow;
    bool covers;
  };
  const auto c =
      GENERATE(Case{"*", "*", true}, Case{"*", "*@*.a.example", true}, Case{"*", "*@a.example", true},
               Case{"*", "x@a.example", true}, Case{"*@a.example", "*", false},
               Case{"*@a.example", "*@a.example", true}, Case{"*@a.example", "x@A.example", true},
               Case{"*@a.example", "x@b.a.example", false}, Case{"*@a.example", "*@*.a.example", false},
               Case{"*@*.a.example", "*@a.example", false}, Case{"*@*.a.example", "*@b.a.example", true},
               Case{"*@*.a.example", "x@b.a.example", true}, Case{"*@*.a.example", "*@*.a.example", true},
               Case{"*@*.a.example", "*@*.b.a.example", true},
               Case{"*@*.b.a.example", "*@*.a.example", false}, Case{"*@*.a.example", "*", false},
               Case{"x@a.example", "X@a.example", true}, Case{"x@a.example", "y@a.example", false},
               Case{"x@a.example", "*@a.example", false}, Case{"own", "own", false}, Case{"*", "own", false});
  CAPTURE(c.wide, c.narrow);
  CHECK(pattern(c.wide).covers(pattern(c.narrow)) == c.covers);
}

TEST_CASE("account: it owns its address and its aliases, and serves them by `own`") {
  auto account = make_account("home", "ann@isp.example", {"own", "*@shop.example"});
  account.aliases = {mailbox("a.smith@isp.example")};
  struct Case {
    std::string_view sender;
    bool owned;
    bool served;
  };
  const auto c = GENERATE(Case{"ann@isp.example", true, true}, Case{"Ann@ISP.example", true, true},
                          Case{"A.Smith@isp.example", true, true}, Case{"bob@isp.example", false, false},
                          Case{"till@shop.example", false, true});
  CAPTURE(c.sender);
  CHECK(account.owns(mailbox(c.sender)) == c.owned);
  CHECK(account.serves(sender(c.sender)) == c.served);
}

TEST_CASE("account: the null sender is served by `*` alone") {
  CHECK_FALSE(make_account("home", "ann@isp.example", {"own", "*@isp.example"}).serves(sender("<>")));
  CHECK(make_account("home", "ann@isp.example", {"own", "*"}).serves(sender("<>")));
}

}  // namespace
}  // namespace homeward::mail
