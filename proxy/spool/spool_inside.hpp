// Spool::Inside: what the network thread keeps of the spool. Calls that are under way share it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/spool/ledger.hpp"
#include "proxy/spool/mailbox.hpp"
#include "proxy/spool/opening.hpp"
#include "proxy/spool/room.hpp"
#include "proxy/spool/spool.hpp"
#include "proxy/spool/writer.hpp"

namespace homeward::spool {

struct Spool::Inside {
  Inside(net::asio::any_io_executor executor, net::Offload& offload, std::shared_ptr<ContentFolder> contents,
         OwnerLock lock, OpenedStore opened, std::chrono::milliseconds keep_trace);

  /// Puts a request, and is its answer. `kind`: whether it changes something. `on_success`: on the writer's
  /// thread, when what it did is committed.
  template <class T>
  net::Task<T> ask(Request::Kind kind, typename Ask<T>::Work work, std::function<void()> on_success = {}) {
    const auto ticket = ++last_ticket;
    auto request = std::make_shared<Ask<T>>(ticket, kind, std::move(work), std::move(on_success));
    auto place = std::make_unique<Mailbox::Place>(mailbox, executor, ticket);
    if (writer) {
      writer->put(request, timeline.record());
    } else {  // the spool has gone while the caller was on his way
      request->fail(spool_error("the spool is closed"));
      place->arrive();
    }
    return answer_of<T>(std::move(place), std::move(request));
  }

  /// Content on its way into the store: what is large goes to a file first, off this thread.
  net::Task<Incoming> take_in(std::string id, std::string octets, std::shared_ptr<ContentFile> file);
  Result<void> check_room(std::uint64_t octets);
  void complete(Entry& entry, std::uint64_t octets) const;
  void close();

  net::asio::any_io_executor executor;
  net::Offload& offload;
  std::shared_ptr<ContentFolder> contents;
  Timeline timeline;
  std::vector<std::string> troubles;
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  Room room;
  std::uint64_t last_ticket = 0;
  std::optional<OwnerLock> lock;
  std::unique_ptr<Writer> writer;
};

}  // namespace homeward::spool
