// A client's bytes on their way: nothing lost, nothing kept.
#include "proxy/frontend/input_buffer.hpp"

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/catch.hpp"

using homeward::frontend::InputBuffer;

namespace {

void put(InputBuffer& buffer, const std::string& bytes) {
  const auto room = buffer.room(bytes.size());
  REQUIRE(room.size() >= bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  buffer.put(bytes.size());
}

}  // namespace

TEST_CASE("frontend: an input buffer that is empty holds no memory") {
  InputBuffer buffer;
  CHECK(buffer.unread().empty());
  CHECK(buffer.capacity() == 0);
  put(buffer, "NOOP\r\n");
  CHECK(buffer.unread() == "NOOP\r\n");
  buffer.take(6);
  CHECK(buffer.capacity() > 0);
  buffer.release();
  CHECK(buffer.capacity() == 0);
  put(buffer, "RSET");
  CHECK(buffer.unread() == "RSET");
}

TEST_CASE("frontend: an input buffer that is released keeps what is unread") {
  InputBuffer buffer;
  (void)buffer.room(4096);
  put(buffer, "NOOP\r\nRS");
  buffer.take(6);
  buffer.release();
  CHECK(buffer.unread() == "RS");
  CHECK(buffer.capacity() == 2);
  put(buffer, "ET\r\n");
  CHECK(buffer.unread() == "RSET\r\n");
}

TEST_CASE("frontend: room in an input buffer that is not used changes nothing") {
  InputBuffer buffer;
  put(buffer, "abcdef");
  buffer.take(2);
  (void)buffer.room(3);
  (void)buffer.room(100);
  CHECK(buffer.unread() == "cdef");
}

TEST_CASE("frontend: an input buffer that is emptied each time does not grow") {
  InputBuffer buffer;
  for (int i = 0; i < 100; ++i) {
    (void)buffer.room(64);
    put(buffer, "0123456789");
    buffer.take(10);
  }
  CHECK(buffer.capacity() == 64);
}

TEST_CASE("frontend: an input buffer gives what was put, in order, whatever the sizes") {
  std::mt19937 random(64);  // fixed: a failure must come again
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  InputBuffer buffer;
  std::string expected;
  char next = 'a';
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(below(40), ' ');
    std::generate(bytes.begin(), bytes.end(), [&] { return next = next == 'z' ? 'a' : ++next; });
    put(buffer, bytes);
    expected += bytes;
    REQUIRE(buffer.unread() == expected);
    const auto taken = below(expected.size() + 1);
    buffer.take(taken);
    expected.erase(0, taken);
    if (below(4) == 0) buffer.release();
    REQUIRE(buffer.unread() == expected);
  }
}
