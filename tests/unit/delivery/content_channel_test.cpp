// Content by DATA and by BDAT: what goes out in which write, and whose word an answer is. RFC 5321 §4.1.1.4,
// RFC 3030 §2.
#include "proxy/delivery/content_channel.hpp"

#include <deque>

#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_stream.hpp"

namespace homeward::delivery::test {
namespace {

using upstream::Connection;
using Refusal = Result<std::optional<smtp::Reply>>;

/// A server that answers what it is asked for with the replies that were laid out for it.
struct Server {
  explicit Server(bool chunking) {
    smtp::Capabilities can;
    can.pipelining = true;
    can.chunking = chunking;
    homeward::test::MemoryStream::Peer peer;
    peer.hear = [this](std::string_view bytes) {
      if (writes.size() == writes_that_arrive)
        return Result<void>{
            std::unexpected(make_error(Fault::network, 451, {4, 4, 2}, "writing: Broken pipe"))};
      writes.emplace_back(bytes);
      return Result<void>{};
    };
    peer.more = [this]() -> Result<std::string> {
      if (replies.empty()) return std::string{};
      auto reply = std::move(replies.front());
      replies.pop_front();
      return reply;
    };
    peer.ended = [] {};
    peer.unguarded = [] { FAIL("nothing limits this wait"); };
    connection.emplace(std::make_unique<homeward::test::MemoryStream>(std::move(peer), 4096),
                       upstream::Endpoint{"mail.test", 465, upstream::Security::implicit_tls},
                       std::chrono::seconds(5), can);
    channel.emplace(*connection);
  }
  Refusal add(std::string block) { return homeward::test::await(context, channel->add(block)); }
  Refusal settle() { return homeward::test::await(context, channel->settle()); }
  Result<void> end() { return homeward::test::await(context, channel->end()); }

  net::asio::io_context context;
  std::vector<std::string> writes;
  std::size_t writes_that_arrive = 1000;
  std::deque<std::string> replies;
  std::optional<Connection> connection;
  std::optional<ContentChannel> channel;
};

bool is_fine(const Refusal& answer) {
  return answer && !*answer;
}

const std::string kLine = std::string(98, 'x') + "\r\n";

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += kLine;
  return text;
}

}  // namespace

TEST_CASE("delivery: a small message goes in one write, its end included", "[delivery]") {
  Server by_data(false);
  CHECK(is_fine(by_data.add("Subject: x\r\n\r\n")));
  CHECK(is_fine(by_data.add(".dot\r\n")));
  CHECK(is_fine(by_data.settle()));
  CHECK(by_data.end());
  CHECK(by_data.writes == std::vector<std::string>{"Subject: x\r\n\r\n..dot\r\n.\r\n"});
  CHECK(by_data.connection->replies_owed() == 1);
  CHECK(by_data.connection->phase() == Connection::Phase::content);

  Server by_chunk(true);
  CHECK(is_fine(by_chunk.add("Subject: x\r\n\r\n")));
  CHECK(is_fine(by_chunk.add(".dot\r\n")));
  CHECK(is_fine(by_chunk.settle()));
  CHECK(by_chunk.end());
  CHECK(by_chunk.writes == std::vector<std::string>{"BDAT 20 LAST\r\nSubject: x\r\n\r\n.dot\r\n"});
  CHECK(by_chunk.connection->replies_owed() == 1);
}

TEST_CASE("delivery: an empty content has its end all the same", "[delivery]") {
  Server by_data(false);
  CHECK(by_data.end());
  CHECK(by_data.writes == std::vector<std::string>{".\r\n"});
  Server by_chunk(true);
  CHECK(by_chunk.end());
  CHECK(by_chunk.writes == std::vector<std::string>{"BDAT 0 LAST\r\n"});
}

TEST_CASE("delivery: only so many chunks are unanswered, and none when the last one goes", "[delivery]") {
  Server server(true);
  const auto piece = lines(ContentChannel::kPiece / 100 + 1);
  for (unsigned i = 0; i < ContentChannel::kChunksOpen; ++i) CHECK(is_fine(server.add(piece)));
  CHECK(server.connection->replies_owed() == ContentChannel::kChunksOpen);
  server.replies = {"250 2.0.0 got it\r\n"};
  CHECK(is_fine(server.add(piece)));
  CHECK(server.connection->replies_owed() == ContentChannel::kChunksOpen);
  CHECK(server.writes.back().starts_with("BDAT 65600\r\nxxx"));
  for (unsigned i = 0; i < ContentChannel::kChunksOpen; ++i) server.replies.emplace_back("250 2.0.0 ok\r\n");
  CHECK(is_fine(server.settle()));
  CHECK(server.connection->replies_owed() == 0);
  CHECK(server.end());
  CHECK(server.writes.back() == "BDAT 0 LAST\r\n");
}

TEST_CASE("delivery: a refused chunk is the server's word, and no end follows", "[delivery]") {
  Server server(true);
  CHECK(is_fine(server.add(lines(700))));
  server.replies = {"552 5.3.4 too large\r\n"};
  const auto refused = server.settle();
  REQUIRE(refused);
  REQUIRE(*refused);
  CHECK((*refused)->code == 552);
  CHECK_FALSE(server.connection->is_between_transactions());
}

TEST_CASE("delivery: what a server says unasked before the end ends the connection", "[delivery]") {
  for (const bool chunking : {false, true}) {
    Server server(chunking);
    CHECK(is_fine(server.add(lines(700))));
    // Two in one read: the second one is nobody's.
    server.replies = {"250 2.0.0 one\r\n250 2.0.0 two\r\n"};
    if (!chunking) {
      server.connection->enter(Connection::Phase::content);
      REQUIRE(homeward::test::await(server.context, server.connection->read_reply()));
    }
    const auto answer = server.settle();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == Fault::protocol);
    CHECK_FALSE(server.connection->usable());
  }
}

TEST_CASE("delivery: a server that goes in the midst of chunks is lost", "[delivery]") {
  Server server(true);
  CHECK(is_fine(server.add(lines(700))));
  server.replies = {"421 4.3.2 going\r\n"};
  const auto answer = server.settle();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().fault == Fault::refused);
  CHECK_FALSE(server.connection->usable());
}

TEST_CASE("delivery: what a server said before it closed in mid-content is its verdict", "[delivery]") {
  for (const bool at_the_end : {false, true}) {
    Server server(true);
    server.writes_that_arrive = 1;
    CHECK(is_fine(server.add(lines(700))));
    server.replies = {"250 chunk\r\n"};
    if (at_the_end) CHECK(is_fine(server.settle()));
    server.replies.emplace_back("552 5.3.4 too large\r\n");
    Refusal answer;
    if (at_the_end) {
      CHECK(is_fine(server.add("one more\r\n")));
      CHECK(server.end());
      auto reply = homeward::test::await(server.context, server.connection->read_reply());
      answer = reply ? Refusal{*reply} : Refusal{std::unexpected(reply.error())};
    } else {
      CHECK(is_fine(server.add(lines(700))));
      answer = server.settle();
    }
    REQUIRE(answer);
    REQUIRE(*answer);
    CHECK((*answer)->code == 552);
    CHECK_FALSE(server.connection->is_quiet());
    CHECK_FALSE(homeward::test::await(server.context, server.connection->send("RSET\r\n", 1)).has_value());
  }
}

TEST_CASE("delivery: an acceptance of what could not be sent is no verdict", "[delivery]") {
  Server server(false);
  server.writes_that_arrive = 0;
  server.replies = {"250 2.0.0 taken\r\n"};
  CHECK(is_fine(server.add("a line\r\n")));
  CHECK_FALSE(server.end());
  CHECK_FALSE(server.connection->usable());
}

TEST_CASE("delivery: a server that closed without a word is lost", "[delivery]") {
  Server server(true);
  server.writes_that_arrive = 1;
  CHECK(is_fine(server.add(lines(700))));
  const auto answer = server.add(lines(700));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().fault == Fault::network);
  CHECK_FALSE(server.connection->usable());
}

}  // namespace homeward::delivery::test
