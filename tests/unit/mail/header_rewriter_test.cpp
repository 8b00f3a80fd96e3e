// Rewriting of a header on its way. product.md 4 (`rewrite_from`, `add_sender_field`, `add_missing`); RFC
// 5322 §3.6, §4; RFC 6409 §8. Each case runs whole and cut at every octet.
#include "proxy/mail/header_rewriter.hpp"

#include "tests/unit/mail/rewriting.hpp"

namespace homeward::mail {
namespace {

const std::string kBody = "\r\nFrom: body@x.example\r\nBcc: body@x.example\r\n\r\n.\r\nend\r\n";

std::string unless_own(std::string_view header) {
  return rewritten(order_for(RewriteFrom::unless_own), std::string(header) + kBody).content;
}

TEST_CASE("header rewriter: a From that is not the account's becomes its address, and is kept as Reply-To") {
  struct Case {
    std::string_view from;
    std::string_view rewritten;
    std::string_view reply_to;
  };
  const auto c = GENERATE(
      Case{"From: bob@x.example", "From: ann@isp.example", "bob@x.example"},
      Case{"From: Bob <bob@x.example>", "From: Bob <ann@isp.example>", "bob@x.example"},
      Case{"FROM:<bob@x.example>", "FROM:<ann@isp.example>", "bob@x.example"},
      Case{"From : \"Bob, B.\" (he) <bob@x.example> (home)",
           "From : \"Bob, B.\" (he) <ann@isp.example> (home)", "bob@x.example"},
      Case{"From: =?utf-8?q?J=C3=BCrg?=\r\n =?utf-8?q?_B?=\r\n\t<bob@x.example>",
           "From: =?utf-8?q?J=C3=BCrg?=\r\n =?utf-8?q?_B?=\r\n\t<ann@isp.example>", "bob@x.example"},
      Case{"From: J\xc3\xbcrg <bob@x.example>", "From: J\xc3\xbcrg <ann@isp.example>", "bob@x.example"},
      Case{"From: bob@x.example (Bob)", "From: ann@isp.example (Bob)", "bob@x.example"},
      Case{"From:\r\n bob @ x . example", "From:\r\n ann@isp.example", "bob@x.example"},
      Case{"From: Bob <@r.example,@s.example:bob@x.example>", "From: Bob <ann@isp.example>", "bob@x.example"},
      Case{"From: Bob <b\xc3\xbc@x.example>", "From: Bob <ann@isp.example>", "b\xc3\xbc@x.example"},
      // several, or in a group: one of ours, with the first name
      Case{"From: Bob <bob@x.example>, Carl <carl@y.example>", "From: Bob <ann@isp.example>",
           "bob@x.example,\r\n carl@y.example"},
      Case{"From: ann@isp.example, \"C. D.\" <carl@y.example>", "From: \"C. D.\" <ann@isp.example>",
           "ann@isp.example,\r\n carl@y.example"},
      Case{"From: Team: Bob <bob@x.example>;", "From: Bob <ann@isp.example>", "bob@x.example"},
      Case{"From: bob@x.example,", "From: ann@isp.example", "bob@x.example"},
      Case{"From: Bob <bob@x.example> evil@y.example", "From: Bob <ann@isp.example>", "bob@x.example"});
  CAPTURE(c.from);
  const auto content = unless_own("To: dora@z.example\r\n" + std::string(c.from) + "\r\nSubject: x\r\n");
  CHECK(content == "To: dora@z.example\r\n" + std::string(c.rewritten) +
                       "\r\nSubject: x\r\nReply-To: " + std::string(c.reply_to) + "\r\n" + kBody);
}

TEST_CASE("header rewriter: a From without an address, or unreadable, becomes the account's") {
  struct Case {
    std::string_view from;
    std::string_view rewritten;
  };
  const auto c =
      GENERATE(Case{"From:", "From: ann@isp.example"}, Case{"From: ", "From: ann@isp.example"},
               Case{"From: <>", "From: ann@isp.example"}, Case{"From: Bob <>", "From: Bob <ann@isp.example>"},
               Case{"From: root", "From: root <ann@isp.example>"},
               Case{"From: root (Cron Daemon)", "From: root <ann@isp.example>"},
               Case{"From: Ann Smith", "From: Ann Smith <ann@isp.example>"},
               Case{"From: undisclosed-senders:;", "From: ann@isp.example"},
               Case{"From: \"Bob", "From: \"\\\"Bob\" <ann@isp.example>"},
               Case{"From: Bob <bob@x.example", "From: ann@isp.example"},
               Case{"From: Bob \x1b[2J", "From: ann@isp.example"});
  CAPTURE(c.from);
  CHECK(unless_own(std::string(c.from) + "\r\n") == std::string(c.rewritten) + "\r\n" + kBody);
}

TEST_CASE("header rewriter: rewrite_from says which From stays") {
  struct Case {
    std::string_view from;
    bool unless_own;
    bool always;
  };
  const auto c = GENERATE(Case{"Ann <ann@isp.example>", true, true}, Case{"ANN@ISP.EXAMPLE", true, true},
                          Case{"Ann <ann.smith@isp.example>", true, false},
                          Case{"ann@isp.example, ann.smith@isp.example", true, false},
                          Case{"bob@x.example", false, false}, Case{"nonsense <", false, false});
  CAPTURE(c.from);
  const auto message = "From: " + std::string(c.from) + "\r\n" + kBody;
  CHECK(rewritten(order_for(RewriteFrom::never), message).content == message);
  CHECK((rewritten(order_for(RewriteFrom::unless_own), message).content == message) == c.unless_own);
  CHECK((rewritten(order_for(RewriteFrom::always), message).content == message) == c.always);
}

TEST_CASE("header rewriter: a Reply-To that is there stays, wherever it is") {
  const std::string reply_to = "Reply-To: Carl <carl@y.example>\r\n";
  CHECK(unless_own(reply_to + "From: bob@x.example\r\n") == reply_to + "From: ann@isp.example\r\n" + kBody);
  CHECK(unless_own("From: bob@x.example\r\n" + reply_to) == "From: ann@isp.example\r\n" + reply_to + kBody);
}

TEST_CASE("header rewriter: of several From fields one is left where From is rewritten") {
  const std::string two = "From: ann@isp.example\r\nX: 1\r\nfrom : bob@x.example,\r\n carl@y.example\r\n";
  CHECK(unless_own(two) == "From: ann@isp.example\r\nX: 1\r\n" + kBody);
  CHECK(rewritten(order_for(RewriteFrom::never), two + kBody).content == two + kBody);
}

TEST_CASE("header rewriter: Bcc is removed always, and nothing else of the header but it") {
  const auto before = GENERATE(as<std::string>(), "From: ann@isp.example\r\nX-Odd :  folded\r\n\t  here \r\n",
                               "Received: a\r\nresent-from: bob@x.example\r\nFrom: ann@isp.example\r\n");
  const auto bcc =
      GENERATE(as<std::string>(), "Bcc: bob@x.example\r\n", "BCC :a@x.example,\r\n b@x.example\r\n",
               "Resent-Bcc: c@x.example\r\n", "bcc:\r\n");
  const std::string after = "Subject: =?x?= \r\nX-8: \xfc\xff\r\n \r\nto:dora@z.example\r\n";
  CHECK(rewritten(order_for(RewriteFrom::never), before + bcc + after + kBody).content ==
        before + after + kBody);
}

TEST_CASE("header rewriter: a field longer than is held passes, and a Bcc of any length is removed") {
  const std::string long_list(kMaxHeldField + 10, 'x');
  const auto run = [](RewriteFrom rewrite_from, const std::string& content) {
    return rewritten_in_two(order_for(rewrite_from), content, 1000);
  };
  const auto bcc = "A: 1\r\nBcc: " + long_list + "\r\nFrom: ann@isp.example\r\n\r\n";
  CHECK(run(RewriteFrom::never, bcc).content == "A: 1\r\nFrom: ann@isp.example\r\n\r\n");
  const auto type = "Content-Type: " + long_list + "\r\nFrom: ann@isp.example\r\n\r\n";
  CHECK(run(RewriteFrom::never, type).content == type);
  CHECK(run(RewriteFrom::never, type).notes.overlong == 1);
  const auto from = "From: " + long_list + "\r\nTo: b@x.example\r\n\r\n";
  CHECK(run(RewriteFrom::never, from).content == from);
  CHECK(run(RewriteFrom::unless_own, from).content == "From: ann@isp.example\r\nTo: b@x.example\r\n\r\n");
}

TEST_CASE("header rewriter: fields that are missing are added behind the others") {
  auto order = order_for(RewriteFrom::never);
  order.add_from = order.add_date = order.add_message_id = true;
  const std::string all =
      "From: ann@isp.example\r\nDate: Tue, 24 Nov 2026 17:00:00 +0000\r\nMessage-ID: <id1@home.example>\r\n";
  CHECK(rewritten(order, "Subject: x\r\n\r\nhi\r\n").content == "Subject: x\r\n" + all + "\r\nhi\r\n");
  CHECK(rewritten(order, "DATE: x\r\nmessage-id :y\r\n\r\n").content ==
        "DATE: x\r\nmessage-id :y\r\nFrom: ann@isp.example\r\n\r\n");
  CHECK(rewritten(order, all + "\r\n").content == all + "\r\n");
  order.add_date = order.add_message_id = order.add_from = false;
  CHECK(rewritten(order, "Subject: x\r\n\r\nhi\r\n").content == "Subject: x\r\n\r\nhi\r\n");
  order.rewrite_from = RewriteFrom::unless_own;  // it would be refused without
  CHECK(rewritten(order, "Subject: x\r\n\r\n").content == "Subject: x\r\nFrom: ann@isp.example\r\n\r\n");
}

TEST_CASE("header rewriter: Sender names the account where From does not") {
  struct Case {
    RewriteFrom rewrite_from;
    bool add;
    std::string before;
    std::string after;
  };
  const std::string own = "Sender: ann@isp.example\r\n";
  const auto c = GENERATE_COPY(
      Case{RewriteFrom::never, true, "From: bob@x.example\r\n", "From: bob@x.example\r\n" + own},
      Case{RewriteFrom::never, true, "From: ann.smith@isp.example\r\n", "From: ann.smith@isp.example\r\n"},
      Case{RewriteFrom::never, false, "From: b@x.example\r\nSender: c@x.example\r\n",
           "From: b@x.example\r\nSender: c@x.example\r\n"},
      Case{RewriteFrom::never, true, "Sender: C <c@x.example>\r\nFrom: b@x.example\r\n",
           own + "From: b@x.example\r\n"},
      Case{RewriteFrom::unless_own, false, "SENDER : c@x.example\r\nFrom: ann@isp.example\r\n",
           "SENDER : ann@isp.example\r\nFrom: ann@isp.example\r\n"},
      Case{RewriteFrom::unless_own, false, "Sender: ann.smith@isp.example\r\nFrom: ann@isp.example\r\n",
           "Sender: ann.smith@isp.example\r\nFrom: ann@isp.example\r\n"},
      Case{RewriteFrom::unless_own, true, "From: ann@isp.example, ann.smith@isp.example\r\n",
           "From: ann@isp.example, ann.smith@isp.example\r\n" + own});
  CAPTURE(c.before);
  auto order = order_for(c.rewrite_from);
  order.add_sender_field = c.add;
  CHECK(rewritten(order, c.before + kBody).content == c.after + kBody);
}

TEST_CASE("header rewriter: a header that is broken ends where it breaks, and what follows stays as it is") {
  struct Case {
    std::string before;
    std::string after;
  };
  auto order = order_for(RewriteFrom::unless_own);
  order.add_date = true;
  const std::string date = "Date: Tue, 24 Nov 2026 17:00:00 +0000\r\n";
  const std::string from = "From: ann@isp.example\r\n";
  const std::string added = from + date;
  const auto c = GENERATE_COPY(
      Case{"", added}, Case{"\r\n", added + "\r\n"}, Case{"hello\r\n", added + "\r\nhello\r\n"},
      Case{"\r\nFrom: x\r\n\r\n", added + "\r\nFrom: x\r\n\r\n"},
      Case{" folded: at once\r\nA: 1\r\n", added + "\r\n folded: at once\r\nA: 1\r\n"},
      Case{from + "no field here\r\nBcc: x\r\n\r\nbody\r\n",
           from + date + "\r\nno field here\r\nBcc: x\r\n\r\nbody\r\n"},
      Case{from + ": no name\r\n", from + date + "\r\n: no name\r\n"},
      Case{from + "\xfcnicode: x\r\n", from + date + "\r\n\xfcnicode: x\r\n"},
      Case{from + "a b: x\r\n", from + date + "\r\na b: x\r\n"}, Case{from, from + date},
      Case{"From: ann@isp.example", from + date},
      Case{"From: bob@x.example", from + "Reply-To: bob@x.example\r\n" + date},
      Case{from + "Bcc: x", from + date}, Case{from + "cut of", from + date + "\r\ncut of"},
      Case{"From bob@x.example Tue Nov 24\r\n" + from + "\r\nx\r\n", from + date + "\r\nx\r\n"},
      Case{">From bob@x.example Tue Nov 24\r\n" + from + "\r\nx\r\n", from + date + "\r\nx\r\n"},
      Case{"From ", added}, Case{"From x", added},
      Case{from + "From bob@x.example Tue\r\n", from + date + "\r\nFrom bob@x.example Tue\r\n"},
      Case{from + std::string(kMaxFieldName + 1, 'x'),
           from + date + "\r\n" + std::string(kMaxFieldName + 1, 'x')});
  CAPTURE(c.before);
  CHECK(rewritten(order, c.before).content == c.after);
}

TEST_CASE("header rewriter: what was done is told in words") {
  auto order = order_for(RewriteFrom::unless_own);
  order.add_date = order.add_message_id = true;
  const auto result = rewritten(
      order,
      "From x\r\nDKIM-Signature: v=1; d=x.example;\r\n h=from : to:\r\n subject; b=abc\r\nDKIM-Signature: "
      "d=y.example; h=To\r\nContent-Type: "
      "multipart/signed;\r\n\tprotocol=\"application/pkcs7-signature\"\r\nFrom: "
      "Bob <bob@x.example>\r\nSender: c@x.example\r\nBcc: c@x.example\r\nFrom: c@x.example\r\nbroken\r\n");
  CHECK(words_of(result.notes) ==
        std::vector<std::string>{
            "From <bob@x.example> became <ann@isp.example>", "Reply-To keeps the old address",
            "1 further From field was removed", "Sender now names the account", "Date was added",
            "Message-ID was added", "1 Bcc field was removed",
            "a mailbox file's \"From \" line before the header was removed",
            "the header ended at a line that is no field; an empty line was put before it",
            "a DKIM signature of d=x.example that covers from no longer verifies",
            "an S/MIME signature still verifies, but its certificate names another address than From"});
  CHECK(result.notes.breaks_signature());
  CHECK(result.notes.has_changes());
  const auto untouched =
      rewritten(order_for(RewriteFrom::never), "DKIM-Signature: d=x; h=from\r\nFrom: b@x.example\r\n\r\n");
  CHECK(words_of(untouched.notes).empty());
  CHECK(untouched.notes.signatures.size() == 1);
  CHECK_FALSE(untouched.notes.breaks_signature());
}

TEST_CASE("header rewriter: a field that is added breaks a DKIM signature that covers its absence") {
  auto order = order_for(RewriteFrom::never);
  order.add_date = true;
  const auto notes = rewritten(order, "DKIM-Signature: d=x; h=from:date\r\nFrom: b@x.example\r\n\r\n").notes;
  REQUIRE(notes.signatures.size() == 1);
  CHECK(notes.signatures.front().broken == std::vector<std::string>{"date"});
}

TEST_CASE("header order: auto follows the provider's rule, and Sender a choice") {
  auto account = make_account("home", "ann@isp.example");
  account.aliases = {mailbox("ann.smith@isp.example")};
  const MessageFacts facts{.id = "k3x9", .hostname = "gate.example", .received = {}};
  Provider row;
  CHECK(header_order(account, nullptr, facts).rewrite_from == RewriteFrom::never);
  CHECK(header_order(account, &row, facts).rewrite_from == RewriteFrom::never);
  row.from_rule = FromRule::any;
  CHECK(header_order(account, &row, facts).rewrite_from == RewriteFrom::never);
  CHECK_FALSE(header_order(account, &row, facts).add_sender_field);
  row.from_rule = GENERATE(FromRule::own, FromRule::alias);
  CHECK(header_order(account, &row, facts).rewrite_from == RewriteFrom::unless_own);
  account.rewrite_from = RewriteFrom::never;
  const auto order = header_order(account, &row, facts);
  CHECK(order.rewrite_from == RewriteFrom::never);
  CHECK(order.add_sender_field);
  CHECK(order.owned.size() == 2);
  CHECK((order.add_from && order.add_date && order.add_message_id));
  CHECK(order.date == "Thu, 01 Jan 1970 00:00:00 +0000");
  CHECK(order.message_id == "<k3x9@gate.example>");
  account.add_sender_field = AddSenderField::no;
  CHECK_FALSE(header_order(account, &row, facts).add_sender_field);
}

TEST_CASE("header order: a Message-ID has a domain behind its @") {
  const auto account = make_account("home", "ann@isp.example");
  const auto host = GENERATE("laptop", "192.0.2.1");
  CHECK(header_order(account, nullptr, {.id = "k3x9", .hostname = host, .received = {}}).message_id ==
        "<k3x9@isp.example>");
}

}  // namespace
}  // namespace homeward::mail
