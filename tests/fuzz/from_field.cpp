// Fuzz target: the value of a From field, folded or broken as it may be. RFC 5322 §3.4; product.md 4
// (`rewrite_from`).
#include "proxy/mail/from_field.hpp"

#include <algorithm>
#include <array>

#include "proxy/base/text.hpp"
#include "proxy/mail/address.hpp"
#include "tests/fuzz/targets.hpp"

namespace homeward::fuzz {

namespace {

/// Both readers of address lists see the same.
void check_lists(std::string_view value) {
  const auto listed = mail::parse_mailbox_list(value);
  const auto paths = mail::parse_address_list(value);
  promise(!paths || listed, "what is a list of addresses is one of mailboxes");
  if (!listed) {
    promise(!text::has_control(listed.error()), "errors are printable");
    return;
  }
  std::size_t addresses = 0;
  for (const auto& one : *listed) {
    promise(one.address_at.begin <= one.address_at.end && one.address_at.end <= value.size() &&
                one.name_at.begin <= one.name_at.end && one.name_at.end <= value.size(),
            "places are in the text");
    promise(!one.address.contains('\n') && !one.address.contains('\r'), "addresses are unfolded");
    if (!one.address.empty()) ++addresses;
  }
  promise(!paths || paths->size() == addresses, "and has the same addresses");
}

}  // namespace

void fuzz_from_field(std::string_view value) {
  check_lists(value);
  const auto own = *smtp::Mailbox::parse("own@isp.example");
  const std::array owned{own, *smtp::Mailbox::parse("alias@isp.example")};
  const auto from = mail::read_from(value, own, owned);
  promise(std::ranges::count(from.rewritten, '\n') <= std::ranges::count(value, '\n'),
          "no line is added to a field");
  const auto again = mail::read_from(from.rewritten, own, owned);
  promise(again.authors == mail::Authors::own && again.count == 1, "one address of ours is left");
  if (!value.contains('\n')) promise(again.rewritten == from.rewritten, "and it stays");
  for (const auto& address : from.addresses) {
    promise(!text::has_control(address), "an address is printable");
    const auto alone = mail::parse_mailbox_list(address);
    promise(alone && alone->size() == 1 && alone->front().address == address && alone->front().name.empty(),
            "an address reads back alone");
  }
}

}  // namespace homeward::fuzz
