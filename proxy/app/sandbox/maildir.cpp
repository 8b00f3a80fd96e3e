#include "proxy/app/sandbox/maildir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace homeward::app::sandbox {
namespace {

/// No two are the same, and they sort by time.
Result<std::string> unique_name() {
  std::uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) {
    return std::unexpected(system_fault("getrandom"));
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  return fmt::format("{}.M{:06}R{:016x}.sandbox", micros / 1'000'000, micros % 1'000'000, random);
}

Result<void> sync_folder(const std::filesystem::path& path) {
  const Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || fsync(folder.get()) != 0) return std::unexpected(system_fault(path.string()));
  return {};
}

}  // namespace

MaildirFile::MaildirFile(MaildirFile&& other) noexcept
    : file_(std::move(other.file_)),
      temporary_(std::exchange(other.temporary_, {})),
      final_(std::move(other.final_)) {}

MaildirFile::~MaildirFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Result<void> MaildirFile::append(std::string_view content) {
  std::string lines(content);
  std::erase(lines, '\r');  // the decoder lets none through but before LF
  for (std::string_view rest = lines; !rest.empty();) {
    const auto written = write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(system_fault(temporary_.string()));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::filesystem::path> MaildirFile::commit() {
  if (fsync(file_.get()) != 0 || std::rename(temporary_.c_str(), final_.c_str()) != 0) {
    return std::unexpected(system_fault(temporary_.string()));
  }
  temporary_.clear();
  if (auto synced = sync_folder(final_.parent_path()); !synced) {
    return std::unexpected(std::move(synced.error()));
  }
  return final_;
}

Result<Maildir> Maildir::open(std::filesystem::path root) {
  for (const auto& folder : {root, root / "tmp", root / "new", root / "cur"}) {
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return std::unexpected(system_fault(folder.string()));
    }
  }
  return Maildir(std::move(root));
}

Result<MaildirFile> Maildir::begin() const {
  const auto name = unique_name();
  if (!name) return std::unexpected(name.error());
  auto temporary = root_ / "tmp" / *name;
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(system_fault(temporary.string()));
  return MaildirFile(std::move(file), std::move(temporary), root_ / "new" / *name);
}

std::vector<std::filesystem::path> Maildir::messages() const {
  std::vector<std::filesystem::path> found;
  std::error_code unreadable;  // then there is nothing to see
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "new", unreadable)) {
    found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace homeward::app::sandbox
