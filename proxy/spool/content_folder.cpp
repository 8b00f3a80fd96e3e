// Files of large contents: drafts, naming, reading, leftovers.
#include "proxy/spool/content_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "proxy/base/log.hpp"

namespace homeward::spool {
namespace {

constexpr std::string_view kWriting = "the message's content can't be stored";

bool lacks_unnamed_files(int error) {
  return error == EOPNOTSUPP || error == EISDIR || error == EINVAL || error == ENOENT;
}

/// What is ours: a regular file, one name, our owner. Its size, or -1.
std::int64_t own_size(const struct stat& status, nlink_t names) {
  const bool ours = S_ISREG(status.st_mode) && status.st_nlink == names && status.st_uid == ::geteuid();
  return ours ? status.st_size : -1;
}

}  // namespace

ContentFile::ContentFile(std::shared_ptr<ContentFolder> folder, Descriptor file, std::string draft_name)
    : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(draft_name)) {}

ContentFile::~ContentFile() {
  if (!name_.empty()) folder_->remove(name_);
}

Result<void> ContentFile::append(std::string_view octets) {
  const auto written = write_all(folder_->files(), file_.get(), octets);
  if (!written) return std::unexpected(storage_error(kWriting, words_of(written.error())));
  return {};
}

Result<void> ContentFile::finish(const std::string& id) {
  auto& files = folder_->files();
  const int folder = folder_->descriptor();
  auto done = files.sync(file_.get());
  if (done)
    done = name_.empty() ? files.link(file_.get(), folder, id) : files.rename(folder, name_, folder, id);
  if (!done && done.error() == EEXIST)
    return std::unexpected(spool_error(fmt::format("message {} is there already", id)));
  if (done) {
    name_ = id;
    done = files.sync_folder(folder);
  }
  if (!done) return std::unexpected(storage_error(kWriting, words_of(done.error())));
  return {};
}

Result<std::shared_ptr<ContentFolder>> ContentFolder::open(std::shared_ptr<FileSystem> files,
                                                           const Folder& home) {
  auto folder = open_folder(*files, home.path / "content", TooOpen::tighten);
  if (!folder) return std::unexpected(std::move(folder.error()));
  return std::make_shared<ContentFolder>(std::move(files), std::move(*folder));
}

ContentFolder::ContentFolder(std::shared_ptr<FileSystem> files, Folder folder)
    : files_(std::move(files)), folder_(std::move(folder)), can_link_(::access("/proc/self/fd", X_OK) == 0) {}

Result<std::shared_ptr<ContentFile>> ContentFolder::draft() {
  remove_leftovers();
  if (can_link_) {
    if (auto file = files_->create_unnamed(descriptor())) {
      return std::make_shared<ContentFile>(shared_from_this(), std::move(*file), std::string());
    } else if (!lacks_unnamed_files(file.error())) {
      return std::unexpected(storage_error(kWriting, words_of(file.error())));
    }
  }
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) {
    return std::unexpected(storage_error(kWriting, words_of(errno)));
  }
  auto name = fmt::format(".draft-{:016x}", random);
  auto file = files_->create(descriptor(), name);
  if (!file) return std::unexpected(storage_error(kWriting, words_of(file.error())));
  return std::make_shared<ContentFile>(shared_from_this(), std::move(*file), std::move(name));
}

Result<Descriptor> ContentFolder::read(const std::string& id, std::uint64_t octets) {
  auto file = files_->open(descriptor(), id);
  if (!file) {
    return std::unexpected(
        spool_error(fmt::format("the content of message {} can't be read: {}", id, words_of(file.error()))));
  }
  struct stat status{};
  if (::fstat(file->get(), &status) != 0) return std::unexpected(spool_error(words_of(errno)));
  if (own_size(status, 1) != static_cast<std::int64_t>(octets)) {
    return std::unexpected(spool_error(
        fmt::format("the content of message {} is not the file of {} octets that was stored", id, octets)));
  }
  return std::move(*file);
}

Result<std::string> ContentFolder::read_at(const Descriptor& file, std::uint64_t offset, std::size_t most) {
  std::string octets(most, '\0');
  const auto read = files_->read_at(file.get(), octets, offset);
  if (!read) {
    return std::unexpected(
        spool_error(fmt::format("a stored content can't be read: {}", words_of(read.error()))));
  }
  octets.resize(*read);
  return octets;
}

Result<std::string> ContentFile::read_at(std::uint64_t offset, std::size_t most) const {
  return folder_->read_at(file_, offset, most);
}

void ContentFolder::remove(const std::string& id) {
  const auto gone = files_->unlink(descriptor(), id);
  if (gone || gone.error() == ENOENT) return;
  log::warning("spool.leftover", {{"file", (path() / id).native()}, {"error", words_of(gone.error())}});
  const std::lock_guard lock(mutex_);
  leftovers_.push_back(id);
}

void ContentFolder::remove_leftovers() {
  // Under the lock: a name that is free again may be given anew the moment after.
  const std::lock_guard lock(mutex_);
  std::erase_if(leftovers_, [&](const auto& id) {
    const auto gone = files_->unlink(descriptor(), id);
    return gone || gone.error() == ENOENT;
  });
}

Result<std::unordered_map<std::string, std::int64_t>> ContentFolder::all() const {
  const int copy = ::openat(descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (!entries)
    return std::unexpected(
        spool_error(fmt::format("{} can't be read: {}", path().native(), words_of(errno))));
  std::unordered_map<std::string, std::int64_t> found;
  while (const auto* entry =
             ::readdir(entries.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    std::string name = &entry->d_name[0];
    if (name == "." || name == "..") continue;
    struct stat status{};
    const bool known = ::fstatat(descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    found.emplace(std::move(name), known ? own_size(status, 1) : -1);
  }
  return found;
}

}  // namespace homeward::spool
