// Folder: the files of a sandbox in one place: certificates, password, Maildir, configuration. A temporary
// one goes with the object; one that was named stays. Files are 0600, folders 0700.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

class Folder {
 public:
  /// Longer paths would not fit into a line of the configuration (inih takes 199 bytes).
  static constexpr std::size_t kMaxPath = 150;

  /// `wanted` is made where it is missing; empty: a fresh temporary one. Error: local, where it can't be had
  /// or holds what is not a sandbox's: nothing of anybody else's is ever written over.
  static Result<Folder> open(const std::filesystem::path& wanted);
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&&) = delete;
  ~Folder();

  bool is_temporary() const { return temporary_; }
  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path authority() const { return root_ / "ca.pem"; }
  std::filesystem::path certificate() const { return root_ / "server.pem"; }
  std::filesystem::path key() const { return root_ / "server.key"; }
  std::filesystem::path password() const { return root_ / "password"; }
  std::filesystem::path maildir() const { return root_ / "Maildir"; }
  std::filesystem::path config() const { return root_ / "homeward.ini"; }
  std::filesystem::path log() const { return root_ / "homeward.log"; }

 private:
  Folder(std::filesystem::path root, bool temporary) : root_(std::move(root)), temporary_(temporary) {}
  std::filesystem::path root_;  // empty: moved from
  bool temporary_;
};

/// Writes a file that nobody else can read, in place of an older one. Error: local.
Result<void> write_private(const std::filesystem::path& path, std::string_view content);

/// What homeward needs to know to send through a sandbox.
struct ConfigFacts {
  std::uint16_t listener_port = 0;
  std::uint16_t submission_port = 0;
  std::uint16_t submissions_port = 0;
  std::string address;
  std::string login;
};

/// A configuration for `homeward serve`: one listener, one account.
std::string homeward_config(const Folder& folder, const ConfigFacts& facts);

}  // namespace homeward::app::sandbox
