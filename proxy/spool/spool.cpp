// Spool: the network thread's side. Each call becomes a request to the writer's thread and waits for its
// answer; what else blocks (large contents) goes over Offload.
#include "proxy/spool/spool.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "proxy/spool/row_text.hpp"
#include "proxy/spool/spool_inside.hpp"

namespace homeward::spool {
namespace {

constexpr std::size_t kMostListed = 1000;
constexpr std::size_t kMostIds = 100;

/// Where the database is: in the state directory, or where a person wants it.
struct Place {
  std::filesystem::path folder;
  std::string file;
  TooOpen too_open;
};

Place place_of(const SpoolOptions& options) {
  if (options.database.empty()) return {options.directory, "spool.sqlite", TooOpen::tighten};
  auto path = options.database.is_absolute() ? options.database : options.directory / options.database;
  path = path.lexically_normal();
  const bool inside = path.parent_path() == options.directory.lexically_normal();
  return {path.parent_path(), path.filename().native(), inside ? TooOpen::tighten : TooOpen::refuse};
}

}  // namespace

Spool::Inside::Inside(net::asio::any_io_executor on, net::Offload& pool,
                      std::shared_ptr<ContentFolder> folder, OwnerLock owner, OpenedStore opened,
                      std::chrono::milliseconds keep_trace)
    : executor(std::move(on)),
      offload(pool),
      contents(std::move(folder)),
      timeline(opened.timeline),
      troubles(std::move(opened.troubles)),
      room(contents),
      lock(std::move(owner)) {
  Writer::Hooks hooks;
  // Posted, and run on the network thread; a mailbox that is gone by then had nobody waiting.
  const std::weak_ptr<Mailbox> box = mailbox;
  hooks.answer = [to = executor, box](Writer::Requests requests) {
    net::asio::post(to, [box, requests = std::move(requests)] {
      if (const auto there = box.lock()) there->arrived(requests);
    });
  };
  hooks.trouble = [to = executor, box](std::string words) {
    net::asio::post(to, [box, words = std::move(words)]() mutable {
      if (const auto there = box.lock()) there->trouble(Mailbox::Trouble::storage, std::move(words));
    });
  };
  hooks.remove_files = [folder = contents](const std::vector<std::string>& ids) {
    for (const auto& id : ids) folder->remove(id);
    folder->remove_leftovers();
  };
  writer = std::make_unique<Writer>(std::move(opened.store), std::move(hooks), keep_trace, timeline.record());
}

void Spool::Inside::close() {
  writer->close(timeline.record());
  writer.reset();  // with the store: the next owner finds it closed
  lock.reset();
}

void Spool::Inside::complete(Entry& entry, std::uint64_t octets) const {
  entry.octets = octets;
  const bool dated =
      entry.received.witnessed.count() != 0 || entry.received.wall.time_since_epoch().count() != 0;
  if (!dated) entry.received = timeline.now();
}

net::Task<Incoming> Spool::Inside::take_in(std::string id, std::string octets,
                                           std::shared_ptr<ContentFile> file) {
  if (!file && octets.size() <= kLargestInside) co_return Incoming{std::move(octets), nullptr};
  if (!is_id(id)) co_return std::unexpected(spool_error("a message without a proper id can't be stored"));
  // By value: who waits may be gone before the thread is done.
  const auto rest = std::make_shared<const std::string>(std::move(octets));
  co_return co_await offload.run<Result<Incoming>>([folder = contents, id, rest, file]() -> Result<Incoming> {
    auto target = file ? Result<std::shared_ptr<ContentFile>>(file) : folder->draft();
    if (!target) return std::unexpected(std::move(target.error()));
    auto done = (*target)->append(*rest);
    if (done) done = (*target)->finish(id);
    if (!done) return std::unexpected(std::move(done.error()));
    return Incoming{{}, std::move(*target)};
  });
}

Result<std::unique_ptr<Spool>> Spool::open(SpoolOptions options, net::asio::any_io_executor executor,
                                           net::Offload& offload, const Clock& clock) {
  const auto files = options.files ? options.files : std::make_shared<SystemFiles>();
  const auto place = place_of(options);
  if (!options.database.empty()) {
    // What else lives in the state directory relies on it too.
    if (auto made = open_folder(*files, options.directory, TooOpen::tighten); !made) {
      return std::unexpected(std::move(made.error()));
    }
  }
  const auto home = open_folder(*files, place.folder, place.too_open);
  if (!home) return std::unexpected(home.error());
  auto lock = OwnerLock::take(*home);
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto contents = ContentFolder::open(files, *home);
  if (!contents) return std::unexpected(std::move(contents.error()));
  auto opened = open_store({files, *home, place.file, options.vfs, *contents, clock});
  if (!opened) return std::unexpected(std::move(opened.error()));
  return std::unique_ptr<Spool>(
      new Spool(std::make_shared<Inside>(std::move(executor), offload, std::move(*contents), std::move(*lock),
                                         std::move(*opened), options.keep_trace)));
}

Spool::Spool(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}

Spool::~Spool() {
  inside_->close();
}

Moment Spool::now() const {
  return inside_->timeline.now();
}

Result<void> Spool::Inside::check_room(std::uint64_t octets) {
  // The disk is told as full when the smallest message finds no room.
  const auto any = room.check(0);
  mailbox->trouble(Mailbox::Trouble::room, any ? std::string() : any.error().reply.text);
  return room.check(octets);
}

Result<void> Spool::has_room(std::uint64_t octets) const {
  return inside_->check_room(octets);
}

Draft Spool::draft() {
  return {inside_->contents, inside_->offload};
}

net::Task<void> Spool::store(Entry entry, Draft content) {
  const auto inside = inside_;
  if (content.broken_) {
    co_return std::unexpected(storage_error("the message can't be stored", "a part of it is missing"));
  }
  inside->complete(entry, content.size_);
  auto taken = co_await inside->take_in(entry.id, std::move(content.memory_), std::move(content.file_));
  if (!taken) co_return std::unexpected(std::move(taken.error()));
  std::function<void()> settle;
  if (taken->file) settle = [file = taken->file] { file->settled(); };
  auto what = std::make_shared<std::pair<Entry, Incoming>>(std::move(entry), std::move(*taken));
  Ask<void>::Work work = [what = std::move(what)](Part& part) {
    return record(part.store, what->first, what->second);
  };
  co_return co_await inside->ask<void>(Request::Kind::writes, std::move(work), std::move(settle));
}

net::Task<Entry> Spool::apply(std::string id, Event event, std::optional<Report> report) {
  const auto inside = inside_;
  const auto now = inside->timeline.now();
  std::shared_ptr<std::pair<Entry, Incoming>> second;
  std::function<void()> settle;
  if (report) {
    inside->complete(report->entry, report->content.size());
    auto taken = co_await inside->take_in(report->entry.id, std::move(report->content), nullptr);
    if (!taken) co_return std::unexpected(std::move(taken.error()));
    if (taken->file) settle = [file = taken->file] { file->settled(); };
    second = std::make_shared<std::pair<Entry, Incoming>>(std::move(report->entry), std::move(*taken));
  }
  Ask<Entry>::Work work = [id = std::move(id), event = std::move(event), now,
                           second = std::move(second)](Part& part) -> Result<Entry> {
    auto applied = spool::apply(part.store, id, event, now);
    if (!applied) return std::unexpected(std::move(applied.error()));
    if (second) {
      if (auto stored = record(part.store, second->first, second->second); !stored) {
        return std::unexpected(std::move(stored.error()));
      }
    }
    if (applied->remove_file) part.gone.push_back(id);
    return std::move(applied->entry);
  };
  co_return co_await inside->ask<Entry>(Request::Kind::writes, std::move(work), std::move(settle));
}

net::Task<Entry> Spool::load(std::string id) {
  const auto inside = inside_;
  co_return co_await inside->ask<Entry>(Request::Kind::reads,
                                        [id = std::move(id)](Part& part) { return part.store.load(id); });
}

net::Task<std::vector<Summary>> Spool::summaries() {
  const auto inside = inside_;
  using All = std::vector<Summary>;
  co_return co_await inside->ask<All>(Request::Kind::reads, [](Part& part) -> Result<All> {
    auto all = part.store.summaries();
    std::erase_if(all, [](const auto& one) { return one.state == State::pending; });  // a session's still
    return all;
  });
}

net::Task<std::vector<Entry>> Spool::list(ListQuery query) {
  const auto inside = inside_;
  query.limit = std::min(query.limit, kMostListed);
  co_return co_await inside->ask<std::vector<Entry>>(
      Request::Kind::reads, [query = std::move(query)](Part& part) { return part.store.list(query); });
}

net::Task<std::vector<std::string>> Spool::ids(std::string prefix) {
  const auto inside = inside_;
  co_return co_await inside->ask<std::vector<std::string>>(
      Request::Kind::reads,
      [prefix = std::move(prefix)](Part& part) { return part.store.ids(prefix, kMostIds); });
}

net::Task<SpoolFacts> Spool::facts() {
  const auto inside = inside_;
  auto counts = co_await inside->ask<Counts>(
      Request::Kind::reads, [](Part& part) -> Result<Counts> { return part.store.counts(); });
  if (!counts) co_return std::unexpected(std::move(counts.error()));
  SpoolFacts facts{.waiting = counts->waiting,
                   .held = counts->held,
                   .failed = counts->failed,
                   .set_aside = counts->set_aside,
                   .octets = counts->octets,
                   .troubles = inside->troubles};
  (void)inside->check_room(0);  // told with the troubles
  if (const auto& failing = inside->mailbox->trouble(); !failing.empty()) facts.troubles.push_back(failing);
  co_return facts;
}

void Spool::note(TraceLine line) {
  inside_->writer->note(std::move(line), inside_->timeline.record());
}

net::Task<std::vector<TraceLine>> Spool::trace(std::string id) {
  const auto inside = inside_;
  co_return co_await inside->ask<std::vector<TraceLine>>(
      Request::Kind::reads_trace, [id = std::move(id)](Part& part) { return part.store.trace(id); });
}

net::Task<void> Spool::remember(std::string key, std::string value) {
  const auto inside = inside_;
  co_return co_await inside->ask<void>(Request::Kind::writes,
                                       [key = std::move(key), value = std::move(value)](Part& part) {
                                         return part.store.remember(key, value);
                                       });
}

net::Task<std::vector<std::pair<std::string, std::string>>> Spool::remembered() {
  const auto inside = inside_;
  co_return co_await inside->ask<std::vector<std::pair<std::string, std::string>>>(
      Request::Kind::reads, [](Part& part) { return part.store.remembered(); });
}

void Spool::set_keep_trace(std::chrono::milliseconds time) {
  inside_->writer->set_keep_trace(time);
}

void Spool::on_trouble(std::function<void(std::string_view)> tell) {
  inside_->mailbox->on_trouble(std::move(tell));
}

}  // namespace homeward::spool
