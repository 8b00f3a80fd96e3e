// Maildir: where the provider in the box keeps what it took. A message is written to tmp, synced, and renamed
// into new, so that who looks finds whole messages alone. Lines end in LF there. Blocking.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/app/sandbox/system_fault.hpp"
#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

/// A message on its way in; gone without a trace unless commit() was called.
class MaildirFile {
 public:
  MaildirFile(MaildirFile&& other) noexcept;
  MaildirFile& operator=(MaildirFile&&) = delete;
  ~MaildirFile();

  /// Appends content whose lines end in CR LF. Error: local.
  Result<void> append(std::string_view content);
  /// Makes it durable and visible; its path. Error: local.
  Result<std::filesystem::path> commit();

 private:
  friend class Maildir;
  MaildirFile(Descriptor file, std::filesystem::path temporary, std::filesystem::path final)
      : file_(std::move(file)), temporary_(std::move(temporary)), final_(std::move(final)) {}

  Descriptor file_;
  std::filesystem::path temporary_;  // empty: committed, or moved from
  std::filesystem::path final_;
};

class Maildir {
 public:
  /// Makes tmp, new and cur where they are missing. Error: local.
  static Result<Maildir> open(std::filesystem::path root);

  const std::filesystem::path& root() const { return root_; }
  Result<MaildirFile> begin() const;
  /// The messages in new, by name.
  std::vector<std::filesystem::path> messages() const;

 private:
  explicit Maildir(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path root_;
};

}  // namespace homeward::app::sandbox
