// Draft: memory first, then a file, written in larger blocks than come in, as each is a way to another
// thread.
#include "proxy/spool/draft.hpp"

#include <algorithm>
#include <utility>

#include "proxy/spool/content_folder.hpp"

namespace homeward::spool {
namespace {

constexpr std::size_t kBlock = 256UL * 1024;  ///< octets that wait before the file gets them

}  // namespace

Draft::Draft(std::shared_ptr<ContentFolder> folder, net::Offload& offload)
    : folder_(std::move(folder)), offload_(&offload) {}
Draft::Draft(Draft&&) noexcept = default;
Draft& Draft::operator=(Draft&&) noexcept = default;
Draft::~Draft() = default;

net::Task<void> Draft::append(std::string_view block) {
  if (broken_)
    co_return std::unexpected(storage_error("the message can't be stored", "an earlier part is missing"));
  size_ += block.size();
  memory_ += block;
  if (memory_.size() <= (file_ ? kBlock : kMemory)) co_return Result<void>{};
  co_return co_await write_out();
}

net::Task<std::string> Draft::read(std::uint64_t offset, std::size_t most) const {
  if (broken_)
    co_return std::unexpected(
        make_error(Fault::local, 451, {4, 3, 0}, "the message can't be read: an earlier part is missing"));
  const auto written = size_ - memory_.size();
  if (offset >= written) {
    const auto begin = std::min<std::uint64_t>(offset - written, memory_.size());
    co_return memory_.substr(begin, most);
  }
  co_return co_await offload_->run<Result<std::string>>(
      [file = file_, offset, most] { return file->read_at(offset, most); });
}

net::Task<void> Draft::write_out() {
  // By value: who waits may be gone before the thread is done with it.
  auto octets = std::make_shared<const std::string>(std::exchange(memory_, {}));
  using Written = Result<std::shared_ptr<ContentFile>>;
  auto written = co_await offload_->run<Written>([folder = folder_, file = file_, octets]() -> Written {
    auto target = file ? Written(file) : folder->draft();
    if (!target) return target;
    if (auto appended = (*target)->append(*octets); !appended)
      return std::unexpected(std::move(appended.error()));
    return target;
  });
  if (!written) {
    broken_ = true;
    file_.reset();
    co_return std::unexpected(std::move(written.error()));
  }
  file_ = std::move(*written);
  co_return Result<void>{};
}

}  // namespace homeward::spool
