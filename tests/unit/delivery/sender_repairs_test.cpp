// What an account learns from the refusals of its provider, and when it is forgotten.
#include "proxy/delivery/sender_repairs.hpp"

#include "tests/support/catch.hpp"

namespace homeward::delivery::test {
namespace {

conf::AccountConfig account_of(const std::string& address = "ann@provider.test") {
  conf::AccountConfig account;
  account.rules.name = "home";
  account.rules.address = *smtp::Mailbox::parse(address);
  account.login = "ann";
  return account;
}

mail::Advice advice_on(std::vector<mail::Repair> repairs) {
  mail::Advice advice;
  advice.repairs = std::move(repairs);
  return advice;
}

smtp::ReversePath path(const std::string& address) {
  return smtp::ReversePath{*smtp::Mailbox::parse(address)};
}

struct Notebook {
  Notebook() {
    repairs.keep_by([this](const std::string&, const std::string& text) { kept.push_back(text); });
  }
  std::vector<std::string> kept;
  SenderRepairs repairs;
};

}  // namespace

TEST_CASE("delivery: a refusal teaches what its row suggests and has not been tried", "[delivery]") {
  using mail::Repair;
  const auto both = advice_on({Repair::sender, Repair::from});
  const auto sender = advice_on({Repair::sender});
  const auto from = advice_on({Repair::from});
  const auto nothing = advice_on({});
  const auto other = path("other@example.net");
  const auto own = path("ann@provider.test");
  const smtp::ReversePath null;
  struct Case {
    const mail::Advice* advice;
    smtp::ReversePath sender;
    SenderRules used;
    bool content_went;
    std::optional<Lesson> lesson;
  };
  const std::vector<Case> cases = {
      {nullptr, other, {}, true, std::nullopt},
      {&nothing, other, {}, true, std::nullopt},
      {&both, other, {}, false, Lesson::sender},
      {&both, other, {}, true, Lesson::from},
      {&both, own, {}, false, std::nullopt},
      {&both, own, {}, true, Lesson::from},
      {&from, other, {}, false, std::nullopt},
      {&from, own, {}, true, Lesson::from},
      {&sender, other, {}, true, Lesson::sender},
      {&both, null, {}, false, Lesson::null_sender},
      {&from, null, {}, true, Lesson::from},
      {&both, other, {.own_sender = true, .own_from = true}, true, std::nullopt},
      {&both, null, {.own_null_sender = true}, false, std::nullopt},
  };
  for (const auto& [advice, from_path, used, went, lesson] : cases) {
    CAPTURE(from_path.to_string(), went, used.own_sender);
    CHECK(lesson_of(advice, from_path, account_of().rules, used, went) == lesson);
  }
}

TEST_CASE("delivery: what a person has chosen is not unlearned", "[delivery]") {
  const auto both = advice_on({mail::Repair::sender, mail::Repair::from});
  auto rules = account_of().rules;
  rules.rewrite_sender = mail::RewriteSender::never;
  CHECK_FALSE(lesson_of(&both, path("other@example.net"), rules, {}, false));
  CHECK_FALSE(lesson_of(&both, path("other@example.net"), rules, {}, true));
  rules.rewrite_sender = mail::RewriteSender::unless_own;
  rules.rewrite_from = mail::RewriteFrom::never;
  CHECK(lesson_of(&both, path("other@example.net"), rules, {}, true) == Lesson::sender);
  rules.null_sender = mail::NullSender::keep;
  CHECK_FALSE(lesson_of(&both, {}, rules, {}, false));
}

TEST_CASE("delivery: what helped is kept, what did not is not tried again", "[delivery]") {
  Notebook notebook;
  auto& repairs = notebook.repairs;
  const auto account = account_of();
  CHECK(repairs.rules(account) == SenderRules{});
  CHECK(repairs.begin(account, Lesson::from));
  CHECK(repairs.begin(account, Lesson::from));  // another message meets the same refusal
  CHECK(repairs.rules(account).own_from);
  CHECK(repairs.rules(account).own_sender);
  CHECK(repairs.in_words(account).empty());
  CHECK(notebook.kept.empty());
  repairs.worked(account, repairs.rules(account));
  CHECK(repairs.in_words(account).size() == 1);
  REQUIRE(notebook.kept.size() == 1);
  repairs.failed(account, repairs.rules(account));  // one message does not unlearn it
  CHECK(repairs.rules(account).own_from);

  CHECK(repairs.begin(account, Lesson::null_sender));
  repairs.failed(account, repairs.rules(account));
  CHECK_FALSE(repairs.begin(account, Lesson::null_sender));
  CHECK_FALSE(repairs.rules(account).own_null_sender);
  CHECK(repairs.rules(account).own_from);
}

TEST_CASE("delivery: what was learned is restored for the same settings alone", "[delivery]") {
  Notebook first;
  const auto account = account_of();
  CHECK(first.repairs.begin(account, Lesson::sender));
  first.repairs.worked(account, first.repairs.rules(account));
  const auto text = first.kept.back();

  conf::Config config;
  config.accounts.push_back(account);
  Notebook second;
  second.repairs.restore(config, "home", text);
  CHECK(second.repairs.rules(account).own_sender);
  CHECK_FALSE(second.repairs.rules(account).own_from);
  // Other settings: forgotten, on disk too.
  const auto moved = account_of("ann@elsewhere.test");
  CHECK(second.repairs.rules(moved) == SenderRules{});
  CHECK(second.kept.back().empty());

  config.accounts.front() = moved;
  Notebook third;
  third.repairs.restore(config, "home", text);
  CHECK(third.repairs.rules(moved) == SenderRules{});
  for (const std::string broken : {"", "sender", "|", "nonsense|x", "sender,from"}) {
    CAPTURE(broken);
    third.repairs.restore(config, "home", broken);
    CHECK(third.repairs.rules(moved) == SenderRules{});
  }
  third.repairs.restore(config, "gone", text);
}

}  // namespace homeward::delivery::test
