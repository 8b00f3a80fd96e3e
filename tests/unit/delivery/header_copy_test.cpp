// The header of a message that passes in blocks.
#include "proxy/delivery/header_copy.hpp"

#include "tests/support/catch.hpp"

namespace homeward::delivery::test {

TEST_CASE("delivery: a header ends at its empty line, wherever the blocks are cut", "[delivery]") {
  const std::string header = "From: a@b.example\r\nSubject: x\r\n";
  const std::string message = header + "\r\nbody\r\n\r\nmore\r\n";
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    HeaderCopy copy;
    copy.feed(std::string_view(message).substr(0, cut));
    copy.feed(std::string_view(message).substr(cut));
    CAPTURE(cut);
    CHECK(copy.is_complete());
    CHECK(copy.text() == header);
  }
}

TEST_CASE("delivery: a header without an end is cut at its bound", "[delivery]") {
  HeaderCopy copy;
  const std::string line = "X-Long: " + std::string(900, 'x') + "\r\n";
  for (int i = 0; i < 100; ++i) copy.feed(line);
  CHECK(copy.is_complete());
  CHECK(copy.text().size() == mail::kMaxReturnedHeader);
}

}  // namespace homeward::delivery::test
