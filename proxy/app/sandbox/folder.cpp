#include "proxy/app/sandbox/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <utility>

#include "proxy/app/sandbox/system_fault.hpp"
#include "proxy/base/text.hpp"

namespace homeward::app::sandbox {
namespace {

namespace fs = std::filesystem;

/// By this a later run knows a folder that an earlier one made.
constexpr const char* kMark = ".homeward-sandbox";

Result<fs::path> make_temporary() {
  std::error_code unset;
  auto base = fs::temp_directory_path(unset);
  if (unset) base = "/tmp";
  std::string name = base / "homeward-sandbox-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return std::unexpected(system_fault(name));
  return fs::path(name);
}

Result<fs::path> make_named(const fs::path& wanted) {
  std::error_code failed;
  const auto root = fs::absolute(wanted, failed).lexically_normal();
  if (failed) return std::unexpected(fault(fmt::format("{}: {}", wanted.string(), failed.message())));
  if (mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) return std::unexpected(system_fault(root.string()));
  const bool empty = fs::is_empty(root, failed);
  if (failed) return std::unexpected(fault(fmt::format("{}: {}", root.string(), failed.message())));
  if (!empty && !fs::exists(root / kMark, failed)) {
    return std::unexpected(fault(fmt::format(
        "{} holds files that are not a sandbox's: name a new or an empty folder", root.string())));
  }
  return root;
}

/// The INI reader takes any path inside quotes, if quotes and backslashes are escaped.
std::string quoted(const fs::path& path) {
  std::string text = "\"";
  for (const char c : path.string()) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace

Result<Folder> Folder::open(const fs::path& wanted) {
  const bool temporary = wanted.empty();
  auto root = temporary ? make_temporary() : make_named(wanted);
  if (!root) return std::unexpected(std::move(root.error()));
  Folder folder(std::move(*root), temporary);
  const auto text = folder.root().string();
  if (text.size() > kMaxPath || text::has_control(text)) {
    return std::unexpected(fault(fmt::format(
        "{}: a sandbox needs a path of at most {} bytes, without control characters", text, kMaxPath)));
  }
  auto marked = write_private(folder.root() / kMark, "This folder was made by `homeward sandbox`.\n");
  if (!marked) return std::unexpected(std::move(marked.error()));
  return folder;
}

Folder::Folder(Folder&& other) noexcept
    : root_(std::exchange(other.root_, {})), temporary_(other.temporary_) {}

Folder::~Folder() {
  std::error_code ignored;  // what can't be removed stays for the system's own cleaning of /tmp
  if (temporary_ && !root_.empty()) fs::remove_all(root_, ignored);
}

Result<void> write_private(const fs::path& path, std::string_view content) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return std::unexpected(system_fault(path.string()));
  const Descriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return std::unexpected(system_fault(path.string()));
  while (!content.empty()) {
    const auto written = write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(system_fault(path.string()));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::string homeward_config(const Folder& folder, const ConfigFacts& facts) {
  return fmt::format(
      "; A homeward that sends through the sandbox's provider. Made anew by each `homeward sandbox`.\n"
      "[homeward]\n"
      "hostname = laptop.lan\n"
      "state_directory = {}\n"
      "runtime_directory = {}\n"
      "\n"
      "[listener clients]\n"
      "address = 127.0.0.1:{}\n"
      "\n"
      "[account home]\n"
      "address = {}\n"
      "server = smtps://localhost:{}\n"
      "server = submission://localhost:{}\n"
      "tls_ca = {}\n"
      "login = {}\n"
      "password_file = {}\n",
      quoted(folder.root() / "state"), quoted(folder.root() / "run"), facts.listener_port, facts.address,
      facts.submissions_port, facts.submission_port, quoted(folder.authority()), facts.login,
      quoted(folder.password()));
}

}  // namespace homeward::app::sandbox
