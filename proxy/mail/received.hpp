// The Received field that homeward adds in every mode, and the watch for loops. RFC 5321 §4.4, §6.3.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/network.hpp"

namespace homeward::mail {

/// "100 or more Received fields is a loop." RFC 5321 §6.3 wants the threshold large.
inline constexpr int kMaxReceived = 100;

struct TraceFacts {
  std::string hostname;     ///< ours
  std::string client_name;  ///< from HELO or EHLO
  IpAddress client;
  bool esmtp = true;  ///< with ESMTP or SMTP
  bool hide_client = true;
  std::string id;  ///< the transaction's trace id
  std::chrono::system_clock::time_point when;
};

/// The whole field, folded, with CR LF. With hide_client neither name nor address of the client appears.
/// "by HOSTNAME (homeward)" in it is the mark by which LoopWatch knows a message that comes back.
std::string received_field(const TraceFacts& facts);

/// Watches content (lines that end in CR LF) on its way, in blocks of any size, for a loop: kMaxReceived
/// Received fields, or two of this host's own. Looks at the header alone and keeps a bounded piece of a
/// field.
class LoopWatch {
 public:
  explicit LoopWatch(std::string_view hostname);
  void feed(std::string_view content);
  bool is_loop() const { return received_ >= kMaxReceived || own_ >= 2; }

 private:
  void end_of_line();
  void begin_field();
  void continue_field(std::string_view piece);

  std::string own_mark_;
  std::string line_;   // the current line, bounded
  std::string trace_;  // the body of the current Received field, unfolded, bounded; else empty
  bool in_header_ = true;
  bool mark_wanted_ = false;  // in a Received field that has not shown our mark yet
  int received_ = 0;
  int own_ = 0;
};

}  // namespace homeward::mail
