// HeaderCopy: the header of a message that passes in blocks, for a report about it. Bounded.
#pragma once

#include <string>
#include <string_view>

#include "proxy/mail/dsn.hpp"

namespace homeward::delivery {

class HeaderCopy {
 public:
  /// Content, each line ended by CR LF, cut anywhere.
  void feed(std::string_view block) {
    if (complete_) return;
    const auto from = text_.size() < 3 ? 0 : text_.size() - 3;  // the end may lie across two blocks
    text_.append(block.substr(0, mail::kMaxReturnedHeader - text_.size()));
    const auto end = text_.find("\r\n\r\n", from);
    complete_ = end != std::string::npos || text_.size() >= mail::kMaxReturnedHeader;
    if (end != std::string::npos) text_.resize(end + 2);
  }
  bool is_complete() const { return complete_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool complete_ = false;
};

}  // namespace homeward::delivery
