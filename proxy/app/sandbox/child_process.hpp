// ChildProcess: this same program, started once more with other arguments. It ends with this object, and with
// this process however that ends.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

class ChildProcess {
 public:
  /// `arguments` without the program's name; what it prints goes to the file `output`. Error: local.
  static Result<ChildProcess> start(std::vector<std::string> arguments, const std::filesystem::path& output);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// SIGTERM, and SIGKILL where that takes too long.
  ~ChildProcess();

  /// True where it has ended by itself.
  bool has_ended();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;  // 0: none that would have to be waited for
};

}  // namespace homeward::app::sandbox
