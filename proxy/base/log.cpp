#include "proxy/base/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "proxy/base/text.hpp"

namespace homeward::log {
namespace {

constexpr std::size_t kMaxValue = 1024;

/// systemd names device and inode of the stream it reads; see systemd.exec(5), $JOURNAL_STREAM.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): read once, at start
  struct stat status{};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return std::string_view(stream) == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// The journal takes a syslog priority in angle brackets at the start of a line; sd-daemon(3).
std::string_view journal_prefix(Level level) {
  switch (level) {
    case Level::debug:
      return "<7>";
    case Level::info:
      return "<6>";
    case Level::warning:
      return "<4>";
    case Level::error:
      return "<3>";
  }
  return "<6>";
}

std::shared_ptr<spdlog::logger> make_logger(Format format) {
  auto logger =
      std::make_shared<spdlog::logger>("homeward", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  switch (format) {
    case Format::automatic:
    case Format::text:
      logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %-7l %v");
      break;
    case Format::json:
      logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})");
      break;
    case Format::journal:
      logger->set_pattern("%v");
      break;
  }
  logger->flush_on(spdlog::level::debug);
  return logger;
}

/// What configure() replaces whole, so that a thread which is writing keeps the one it began with.
struct Sink {
  Format format = Format::text;
  std::shared_ptr<spdlog::logger> logger;
};

class CurrentSink {
 public:
  Sink get() {
    const std::lock_guard lock(mutex_);
    return sink_;
  }
  void set(Sink sink) {
    const std::lock_guard lock(mutex_);
    sink_ = std::move(sink);
  }

 private:
  std::mutex mutex_;
  Sink sink_{Format::text, make_logger(Format::text)};
};

CurrentSink& current_sink() {
  static CurrentSink instance;
  return instance;
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\\") != std::string_view::npos;
}

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string as_text(std::string_view event, std::initializer_list<Field> fields) {
  std::string line(event);
  for (const auto& field : fields) {
    if (field.name.empty()) continue;
    const auto value = text::printable(field.value, kMaxValue);
    line += fmt::format(" {}={}", field.name, needs_quotes(value) ? quoted(value) : value);
  }
  return line;
}

std::string as_json(std::string_view event, std::initializer_list<Field> fields) {
  std::string line = fmt::format(R"("event":{})", quoted(event));
  for (const auto& field : fields) {
    if (field.name.empty()) continue;
    line += fmt::format(R"(,"{}":{})", field.name, quoted(text::printable(field.value, kMaxValue)));
  }
  return line;
}

}  // namespace

void configure(Level level, Format format) {
  if (format == Format::automatic) format = stderr_is_journal() ? Format::journal : Format::text;
  auto logger = make_logger(format);
  logger->set_level(spdlog_level(level));
  current_sink().set({format, std::move(logger)});
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  const auto [format, logger] = current_sink().get();
  const auto wanted = spdlog_level(level);
  if (!logger->should_log(wanted)) return;
  switch (format) {
    case Format::json:
      logger->log(wanted, as_json(event, fields));
      return;
    case Format::journal:
      logger->log(wanted, fmt::format("{}{}", journal_prefix(level), as_text(event, fields)));
      return;
    case Format::automatic:
    case Format::text:
      logger->log(wanted, as_text(event, fields));
      return;
  }
}

}  // namespace homeward::log
