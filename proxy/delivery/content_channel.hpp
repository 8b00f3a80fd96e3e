// ContentChannel: a message's content on its way to the server, by DATA with dots or, where the server offers
// CHUNKING, by BDAT in chunks that need no word of it first. Gathers what comes in small pieces, so that a
// small message and its end go in one write. RFC 5321 §4.1.1.4, RFC 3030 §2.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/smtp/dot_codec.hpp"
#include "proxy/upstream/connection.hpp"

namespace homeward::delivery {

class ContentChannel {
 public:
  /// Content goes out in pieces of about so many octets.
  static constexpr std::size_t kPiece = 64UL * 1024;
  /// So many chunks may be on their way that the server has not answered.
  static constexpr unsigned kChunksOpen = 8;
  /// What comes slowly is not held back for longer than this, so that the server sees that somebody is there.
  static constexpr std::chrono::seconds kLongestHold{1};

  /// True where content needs no DATA: chunks are sent without waiting, so the server must allow that, too.
  static bool goes_in_chunks(const smtp::Capabilities& capabilities) {
    return capabilities.chunking && capabilities.pipelining;
  }

  explicit ContentChannel(upstream::Connection& connection);
  ContentChannel(const ContentChannel&) = delete;
  ContentChannel& operator=(const ContentChannel&) = delete;

  /// Takes a block of content: unstuffed, cut anywhere. A reply where the server refuses to take more.
  /// Errors: those of the connection, which is closed then.
  net::Task<std::optional<smtp::Reply>> add(std::string_view block);
  /// Everything but the end is with the server, and it has nothing to say against it. A reply where it has.
  net::Task<std::optional<smtp::Reply>> settle();
  /// The last dot, or the last chunk. After an error the server may have it all the same.
  net::Task<void> end();

 private:
  static constexpr std::size_t kHead = 32;

  net::Task<std::optional<smtp::Reply>> send_piece();
  std::size_t octets() const { return gathered_.size() - kHead; }
  std::string_view with_command(std::string_view last);
  net::Task<std::optional<smtp::Reply>> hear_down_to(unsigned open);

  upstream::Connection& connection_;
  bool chunks_;
  smtp::DotEncoder encoder_;
  std::string gathered_;  // behind room for a BDAT command, so that both go in one write without a copy
  std::chrono::steady_clock::time_point last_sent_ = std::chrono::steady_clock::now();
};

}  // namespace homeward::delivery
