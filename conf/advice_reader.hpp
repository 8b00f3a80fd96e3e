// The error catalogue's file (advice.ini) to the rows that mail/advice matches. The built-in file is part of
// the binary, so there is no path to lose. Called by loader.cpp; product.md 4 (conf/advice.ini).
//
// A section is a row, its name the row's; rows are tried in their order. Keys:
//   code       reply codes, parted by commas: "550, 553"
//   enhanced   enhanced codes, parted by commas; "x.2.2" stands for 4.2.2 and 5.2.2
//   text       pieces of text parted by "|", of which one has to be there; "*" for anything; may be repeated
//   provider   the row of the provider table that it holds for
//   place      box: met in error boxes, logs and on panels; no reply of a server is looked up there
//   kind       rows of one kind mean the same to people; the row's name where it is not given
//   sentence   what it means, for people, without a dot at its end
//   cause      you, provider, network or homeward: whose fault it is
//   cure       what to do
//   repair     sender, from: the account's own address as sender, or in From too, may be taken: tried once
//   temporary  yes: a 5yz of this kind passes by itself
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/ini_reader.hpp"
#include "proxy/mail/advice.hpp"

namespace homeward::conf {

struct AdviceFile {
  std::vector<mail::AdviceRow> rows;  ///< those without a fault
  std::vector<IniFault> faults;
};

AdviceFile read_advice(std::string_view text);

/// The text of conf/advice.ini as it was at build time.
std::string_view advice_text();

/// Its rows, read once and shared. Tests hold that the file has no fault.
std::shared_ptr<const mail::AdviceTable> built_in_advice();

}  // namespace homeward::conf
