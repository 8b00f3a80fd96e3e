// Reading of what is stored: small contents at once into memory, large ones block by block off the thread.
#include <algorithm>
#include <utility>

#include "proxy/spool/spool_inside.hpp"

namespace homeward::spool {
namespace {

constexpr std::size_t kMostRead = 1UL << 20U;

class ContentInside final : public StoredContent {
 public:
  explicit ContentInside(std::string octets) : octets_(std::move(octets)) {}
  std::uint64_t size() const override { return octets_.size(); }
  net::Task<std::string> read(std::uint64_t offset, std::size_t most) override {
    if (offset >= octets_.size()) co_return std::string();
    co_return octets_.substr(static_cast<std::size_t>(offset), most);
  }

 private:
  std::string octets_;
};

class ContentInFile final : public StoredContent {
 public:
  ContentInFile(std::shared_ptr<ContentFolder> folder, std::shared_ptr<Descriptor> file, std::uint64_t size,
                net::Offload& offload)
      : folder_(std::move(folder)), file_(std::move(file)), size_(size), offload_(offload) {}
  std::uint64_t size() const override { return size_; }
  net::Task<std::string> read(std::uint64_t offset, std::size_t most) override {
    const auto wanted = std::min(
        {static_cast<std::uint64_t>(most), std::uint64_t{kMostRead}, size_ - std::min(offset, size_)});
    if (wanted == 0) co_return std::string();
    auto octets =
        co_await offload_.run<Result<std::string>>([folder = folder_, file = file_, offset, wanted] {
          return folder->read_at(*file, offset, static_cast<std::size_t>(wanted));
        });
    // Nobody but us writes there: an early end is a fault of the disk, and no end of the message.
    if (octets && octets->empty()) co_return std::unexpected(spool_error("a stored content is cut"));
    co_return octets;
  }

 private:
  std::shared_ptr<ContentFolder> folder_;
  std::shared_ptr<Descriptor> file_;  // shared with the thread that reads it
  std::uint64_t size_;
  net::Offload& offload_;
};

/// A content as the store has it: inside, or the size of its file.
struct Found {
  std::optional<std::string> inside;
  std::uint64_t octets = 0;
};

Result<Found> find_content(Store& store, const std::string& id) {
  auto inside = store.content(id);
  if (!inside) return std::unexpected(std::move(inside.error()));
  if (*inside) return Found{std::move(*inside), 0};
  const auto entry = store.load(id);
  if (!entry) return std::unexpected(entry.error());
  return Found{std::nullopt, entry->octets};
}

}  // namespace

net::Task<std::unique_ptr<StoredContent>> Spool::content(std::string id) {
  const auto inside = inside_;
  auto found = co_await inside->ask<Found>(Request::Kind::reads,
                                           [id](Part& part) { return find_content(part.store, id); });
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (found->inside) co_return std::make_unique<ContentInside>(std::move(*found->inside));
  using Opened = Result<std::shared_ptr<Descriptor>>;
  const auto octets = found->octets;
  auto file = co_await inside->offload.run<Opened>([folder = inside->contents, id, octets]() -> Opened {
    auto opened = folder->read(id, octets);
    if (!opened) return std::unexpected(std::move(opened.error()));
    return std::make_shared<Descriptor>(std::move(*opened));
  });
  if (!file) co_return std::unexpected(std::move(file.error()));
  co_return std::make_unique<ContentInFile>(inside->contents, std::move(*file), octets, inside->offload);
}

}  // namespace homeward::spool
