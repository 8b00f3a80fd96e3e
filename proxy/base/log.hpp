// The log: one line per event, an event's name first, then its fields. Values are made printable here,
// so no peer can forge a line; Secret has no way in. Only log.cpp sees the library beneath.
// Safe to call from any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace homeward::log {

enum class Level : std::uint8_t { debug, info, warning, error };
/// automatic: journal where the journal reads our stderr, else text.
enum class Format : std::uint8_t { automatic, text, json, journal };

/// One without a name is left out.
struct Field {
  std::string_view name;
  std::string value;
};

/// Sets level and form; text at info until then. Writes to standard error.
void configure(Level level, Format format);

/// `event` is a short stable name ("message.delivered"), which tools search for.
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields) {
  write(Level::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields) {
  write(Level::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields) {
  write(Level::error, event, fields);
}

}  // namespace homeward::log
