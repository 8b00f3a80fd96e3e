// Prints the table. What it prints is itself a configuration: tests load it, with and without its
// semicolons, and so hold the documented defaults against the real ones.
#include "conf/reference.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "conf/schema.hpp"

namespace homeward::conf {
namespace {

struct Chapter {
  SectionKind section;
  std::string_view heading;
  std::string_view introduction;
};

constexpr auto kChapters = std::to_array<Chapter>({
    {SectionKind::homeward, "[homeward]", "The program as a whole."},
    {SectionKind::listener, "[listener local]",
     "Addresses that clients are accepted on; as many sections as needed, each with a name. Without any,\n"
     "; homeward listens on 127.0.0.1:25 and [::1]:25."},
    {SectionKind::account, "[account home]",
     "Mailboxes at providers; as many sections as needed, each with a name. The first account all of whose\n"
     "; conditions (senders, clients, listeners) hold takes a message. A section [defaults] takes the same "
     "keys\n"
     "; and holds for all accounts; a list given in an account replaces that of [defaults]."},
    {SectionKind::provider, "[provider gmx]",
     "Changes a row of the provider table (homeward providers): what is given replaces what the row says. A "
     "name\n"
     "; that the table doesn't have is a row of your own."},
});

std::string key_text(const Key& key) {
  const bool has_default = !key.fallback.empty();
  const auto form = key.shape == Shape::list ? fmt::format("{}; a list", key.form) : std::string(key.form);
  const auto remark = key.need == Need::required ? "required"
                      : has_default              ? "default"
                                                 : "no default; an example";
  // Of the four sources of a password one stands open, as an account needs one; so does server, which only a
  // known provider makes needless.
  const bool open = key.need == Need::required || key.name == "password_command" || key.name == "server";
  return fmt::format("; {}\n; ({}; {})\n{}{} = {}\n\n", key.help, form, remark, open ? "" : "; ", key.name,
                     has_default ? key.fallback : key.example);
}

}  // namespace

std::string reference_text() {
  std::string text =
      "; Every key of homeward's configuration. Lists are parted by commas and may be repeated; sizes are\n"
      "; powers of 1024 (50M), durations carry a unit (500ms, 90s, 10m, 5d); values with a quote or \" ;\" "
      "stand\n"
      "; in quotes: \"…\" with \\\" and \\\\. A comment begins with ; (or, at the start of a line, #).\n\n";
  for (const auto& chapter : kChapters) {
    text += fmt::format("; {}\n{}\n\n", chapter.introduction, chapter.heading);
    for (const auto& key : all_keys())
      if (key.section() == chapter.section) text += key_text(key);
  }
  return text;
}

}  // namespace homeward::conf
