// Attempt: one try to deliver a spooled message: recipients, content, last dot, verdict. Changes nothing in
// the spool but the mark that must be there before the last dot; what it came to is the runner's to settle.
#pragma once

#include <string>
#include <vector>

#include "proxy/delivery/header_copy.hpp"
#include "proxy/delivery/services.hpp"
#include "proxy/delivery/submission.hpp"

namespace homeward::delivery {

struct AttemptResult {
  enum class End : std::uint8_t {
    settled,  ///< the recipients say how
    nobody,   ///< no server could be had: the account's trouble, not the message's
    unknown,  ///< the last dot went, and no answer came
    local,    ///< trouble of ours before the last dot
    hurried,  ///< given up to begin anew at once
  };
  End end = End::settled;
  std::vector<spool::Recipient> recipients;
  std::string word;  ///< for people: why some still wait
  std::string server;
  std::string header;           ///< of the message, where it came to be read
  bool again_at_once = false;   ///< with another sender, which the server may take
  bool reports_itself = false;  ///< the server sends the reports that were asked for
};

class Attempt {
 public:
  /// An attempt may take so long, whatever it waits for.
  static constexpr std::chrono::hours kLimit{2};

  Attempt(Services& services, std::shared_ptr<const conf::Config> config, const conf::AccountConfig& account,
          spool::Entry entry, MessageRate::Ticket ticket);

  net::asio::awaitable<AttemptResult> run(std::unique_ptr<spool::StoredContent> content);
  /// The network is another now: a connection that is still being made is not waited for.
  void hurry();

 private:
  net::asio::awaitable<bool> offer_recipients();
  smtp::Ahead behind(std::size_t index) const;
  net::asio::awaitable<bool> send_content(spool::StoredContent& content);
  net::asio::awaitable<void> finish();
  void judge(spool::Recipient& recipient, const Word& word);
  void judge_tried(const Word& word);
  void end_with(AttemptResult::End end, std::string word);

  Services& services_;
  std::shared_ptr<const conf::Config> config_;
  spool::Entry entry_;
  Submission submission_;
  bool hurried_ = false;
  std::vector<std::size_t> tried_;  // recipients that upstream has accepted
  HeaderCopy header_;
  AttemptResult result_;
};

/// What `word` makes of a recipient: delivered, refused, or waiting with upstream's last word.
void judge(spool::Recipient& recipient, const Word& word);

}  // namespace homeward::delivery
