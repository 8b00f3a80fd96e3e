// Real files and real commands, in a folder of the test's own.
#include "auth/secret_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/unit/auth/dialogue.hpp"

namespace homeward::auth::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::string_literals::operator""s;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "homeward-secret-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) FAIL("no folder for the test");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path file(std::string_view content, mode_t mode = 0600,
                             std::string_view name = "secret") const {
    const auto path = path_ / name;
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Result<Secret> run(const std::string& command, milliseconds timeout = seconds(20)) {
  return fetch_password(conf::PasswordCommand{command}, timeout);
}

/// The password, or "error: " and its text.
std::string told(const Result<Secret>& result) {
  return result ? std::string(result->reveal()) : "error: " + result.error().reply.text;
}

bool says(const Result<Secret>& result, std::string_view words) {
  return !result && result.error().reply.code == 451 && result.error().fault == Fault::local &&
         result.error().reply.enhanced == EnhancedCode{4, 7, 0} &&
         result.error().reply.text.find(words) != std::string::npos;
}

/// True where the process is gone, or dead and not yet waited for.
bool is_dead(const std::filesystem::path& pid_file) {
  for (int i = 0; i < 100; ++i) {
    std::string pid;
    std::ifstream(pid_file) >> pid;
    std::string word;
    std::string state;
    std::ifstream(("/proc/" + pid) + "/stat") >> word >> word >> state;
    if (!pid.empty() && (state.empty() || state == "Z")) return true;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return false;
}

/// What this process does with SIGCHLD, for one scope.
class ChildSignal {
 public:
  explicit ChildSignal(void (*handler)(int)) : before_(std::signal(SIGCHLD, handler)) {}
  ChildSignal(const ChildSignal&) = delete;
  ChildSignal& operator=(const ChildSignal&) = delete;
  ~ChildSignal() { std::signal(SIGCHLD, before_); }

 private:
  void (*before_)(int);
};

}  // namespace

TEST_CASE("auth: a password written into the configuration is given as it is", "[auth]") {
  const auto given =
      fetch_password(conf::PasswordInline{std::make_shared<const Secret>(Secret("p; \"w\" "s))});
  REQUIRE(given);
  CHECK(given->reveal() == "p; \"w\" ");
  CHECK(says(fetch_password(std::monostate{}), "no password is configured"));
  CHECK(says(fetch_password(conf::PasswordInline{}), "no password is configured"));
}

TEST_CASE("auth: of a password file the one line counts", "[auth]") {
  struct Case {
    std::string content;
    std::string told;
  };
  const std::vector<Case> cases = {
      {"hunter2-secret", "hunter2-secret"},
      {"hunter2-secret\n", "hunter2-secret"},
      {"hunter2-secret\r\n", "hunter2-secret"},
      {"hunter2-secret\n\r\n\n", "hunter2-secret"},
      {"  hunter2-secret ;#\"\n", "  hunter2-secret ;#\""},
      {std::string(65536, 'x'), std::string(65536, 'x')},
      {"", "error: password_file gives no password: its first line is empty"},
      {"\nhunter2-secret\n", "error: password_file gives no password: its first line is empty"},
      {"hunter2-secret\nmore\n", "error: password_file holds more than one line"},
      {"hunter2-secret\n ", "error: password_file holds more than one line"},
      {"hunter2-secret\0x\n"s, "error: password_file gives a password with a NUL in it"},
      {"hunter2-secret\rmore", "error: password_file gives a password with a line break in it"},
      {"hunter2-secret" + std::string(65536, 'x'), "error: password_file holds more than 64 KiB"},
  };
  for (const auto& c : cases) {
    const Folder folder;
    const auto path = folder.file(c.content);
    const auto result = fetch_password(conf::PasswordFile{path});
    CHECK(told(result) == c.told);
    if (result) continue;
    CHECK(keeps_secret(result.error(), "hunter2"));
    CHECK(result.error().detail == path.string());
  }
}

TEST_CASE("auth: a password file that others can read or write is refused", "[auth]") {
  struct Case {
    mode_t mode;
    std::string why;  ///< empty: it is fine
  };
  const std::vector<Case> cases = {{0600, ""},
                                   {0400, ""},
                                   {0640, ""},
                                   {0440, ""},
                                   {0644, "open to every user"},
                                   {0604, "open to every user"},
                                   {0602, "open to every user"},
                                   {0601, "open to every user"},
                                   {0660, "written by its group"},
                                   {0620, "written by its group"}};
  for (const auto& c : cases) {
    CAPTURE(c.mode, c.why);
    const Folder folder;
    const auto result = fetch_password(conf::PasswordFile{folder.file("pw\n", c.mode)});
    CHECK(result.has_value() == c.why.empty());
    if (!c.why.empty()) CHECK(says(result, c.why));
  }
}

TEST_CASE("auth: a password file may be a link, and is judged behind it", "[auth]") {
  const Folder folder;
  const auto link = folder.path() / "link";
  std::filesystem::create_symlink(folder.file("pw\n"), link);
  CHECK(told(fetch_password(conf::PasswordFile{link})) == "pw");
  folder.file("pw\n", 0644);
  CHECK(says(fetch_password(conf::PasswordFile{link}), "open to every user"));
}

TEST_CASE("auth: what is no file is refused without waiting", "[auth]") {
  const Folder folder;
  const auto pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(says(fetch_password(conf::PasswordFile{pipe}), "no regular file"));
  CHECK(says(fetch_password(conf::PasswordFile{folder.path()}), "no regular file"));
  CHECK(says(fetch_password(conf::PasswordFile{folder.path() / "none"}), "can't be opened"));
}

TEST_CASE("auth: a password file of another user is refused", "[auth]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give a file away");
    return;
  }
  const Folder folder;
  const auto path = folder.file("pw\n");
  REQUIRE(::chown(path.c_str(), 4711, 4711) == 0);
  CHECK(says(fetch_password(conf::PasswordFile{path}), "belongs to another user"));
}

TEST_CASE("auth: a systemd credential is a file of its folder alone", "[auth]") {
  const Folder folder;
  folder.file("pw\n", 0400, "mail-password");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(says(fetch_password(conf::PasswordCredential{"mail-password"}), "needs a systemd service"));
  ::setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  CHECK(told(fetch_password(conf::PasswordCredential{"mail-password"})) == "pw");
  CHECK(says(fetch_password(conf::PasswordCredential{"other"}), "can't be opened"));
  for (const std::string& name : {"../x"s, "/etc/passwd"s, ""s, "."s, ".."s, "a\0b"s}) {
    CAPTURE(name);
    CHECK(says(fetch_password(conf::PasswordCredential{name}), "must be a name"));
  }
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("auth: of a command's output the first line counts", "[auth]") {
  struct Case {
    std::string command;
    std::string told;
  };
  const std::vector<Case> cases = {
      {"echo hunter2-secret", "hunter2-secret"},
      {"printf 'hunter2-secret\\r\\n'", "hunter2-secret"},
      {"printf hunter2-secret", "hunter2-secret"},
      {"printf 'hunter2-secret\\nlogin: joe\\nurl: x\\n'", "hunter2-secret"},
      {"echo \"it's $((40+2))\"' \"q\" ;'", "it's 42 \"q\" ;"},
      {"cat; echo hunter2-secret", "hunter2-secret"},
      {"echo noise >&2; echo hunter2-secret", "hunter2-secret"},
      {"exec echo hunter2-secret", "hunter2-secret"},
      {"printf hunter2-secret; exec 1>&-; sleep 0.1", "hunter2-secret"},
      {"true", "error: password_command gives no password: its first line is empty"},
      {"echo; echo hunter2-secret", "error: password_command gives no password: its first line is empty"},
      {"printf 'hunter2-secret\\0x'", "error: password_command gives a password with a NUL in it"},
      {"echo hunter2-secret; exit 1", "error: password_command failed: exit status 1"},
      {"echo hunter2-secret; echo hunter2-secret >&2; exit 75",
       "error: password_command failed: exit status 75"},
      {"no-such-program-here", "error: password_command failed: exit status 127"},
      {"echo hunter2-secret; kill -9 $$", "error: password_command failed: exit status 137"},
      {"kill -9 $PPID", "error: password_command was killed"},
      {"echo 'unterminated", "error: password_command failed: exit status 2"},
      {"yes hunter2-secret", "error: password_command prints more than 64 KiB"},
      {"head -c 65537 /dev/zero | tr '\\0' x", "error: password_command prints more than 64 KiB"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.command);
    const auto result = run(c.command);
    CHECK(told(result) == c.told);
    if (!result) CHECK(keeps_secret(result.error(), "hunter2"));
  }
}

TEST_CASE("auth: a password of the longest size comes whole from a command", "[auth]") {
  const auto result = run("head -c 65536 /dev/zero | tr '\\0' x");
  REQUIRE(result);
  CHECK(result->size() == 65536);
}

TEST_CASE("auth: a command that hangs is killed with its children", "[auth]") {
  const Folder folder;
  const auto pid_file = folder.path() / "pid";
  const auto begun = std::chrono::steady_clock::now();
  const auto result =
      run("sleep 60 & echo $! > " + pid_file.string() + "; echo half; wait", milliseconds(500));
  CHECK(says(result, "takes too long"));
  CHECK(std::chrono::steady_clock::now() - begun < seconds(10));
  CHECK(is_dead(pid_file));
}

TEST_CASE("auth: a command's helper in the background keeps nobody waiting and lives on", "[auth]") {
  const Folder folder;
  const auto pid_file = folder.path() / "pid";
  const auto begun = std::chrono::steady_clock::now();
  CHECK(told(run("sleep 30 & echo $! > " + pid_file.string() + "; echo pw")) == "pw");
  CHECK(std::chrono::steady_clock::now() - begun < seconds(10));
  pid_t helper = 0;
  std::ifstream(pid_file) >> helper;
  REQUIRE(helper > 1);
  CHECK(::kill(helper, SIGTERM) == 0);
}

TEST_CASE("auth: a command works whatever this process does with SIGCHLD", "[auth]") {
  for (auto* const handler : {SIG_IGN, SIG_DFL}) {
    const ChildSignal as_set(handler);
    CHECK(told(run("echo pw")) == "pw");
    CHECK(says(run("exit 3"), "exit status 3"));
    CHECK(says(run("sleep 60", milliseconds(200)), "takes too long"));
  }
}

TEST_CASE("auth: a command starts with no signal blocked or ignored, from any thread", "[auth]") {
  std::string answer;
  auto* const before = std::signal(SIGPIPE, SIG_IGN);
  std::thread thread([&answer] {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    answer = told(
        run("sed -n 's/^Sig[BI][lg][kn]:.*\\([0-9a-f]\\{8\\}\\)$/\\1/p' /proc/self/status | tr '\\n' ' '"));
  });
  thread.join();
  std::signal(SIGPIPE, before);
  // Blocked and ignored, signals 1 to 32; the last of them belongs to the C library.
  CHECK((answer == "00000000 00000000 " || answer == "00000000 80000000 "));
}

TEST_CASE("auth: a command gets no descriptor and no notify socket of ours", "[auth]") {
  const int leaky = ::open("/dev/null", O_RDONLY);
  REQUIRE(leaky >= 0);
  REQUIRE(::dup2(leaky, 77) == 77);  // as a listening socket without close-on-exec
  CHECK(told(run("ls /proc/$$/fd | tr '\\n' ' '")) == "0 1 2 ");
  ::close(77);
  ::close(leaky);

  ::setenv("NOTIFY_SOCKET", "/run/x", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("SOME_TOKEN_PATH", "/kept", 1);
  CHECK(told(run("echo ${NOTIFY_SOCKET-none} ${LISTEN_FDS-none} $SOME_TOKEN_PATH")) == "none none /kept");
  for (const char* name : {"NOTIFY_SOCKET", "LISTEN_FDS", "SOME_TOKEN_PATH"}) ::unsetenv(name);
}

}  // namespace homeward::auth::test
