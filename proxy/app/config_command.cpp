// The text form comes from conf/reference.cpp; the JSON form is made here, from the same table.
#include "proxy/app/config_command.hpp"

#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>
#include <vector>

#include "conf/reference.hpp"
#include "conf/schema.hpp"
#include "proxy/app/json_text.hpp"

namespace homeward::app {
namespace {

std::string text_or_null(std::string_view text) {
  return text.empty() ? "null" : json::string(text);
}

std::string key_json(const conf::Key& key) {
  return json::object({{"key", json::string(key.name)},
                       {"form", json::string(key.form)},
                       {"list", json::boolean(key.shape == conf::Shape::list)},
                       {"required", json::boolean(key.need == conf::Need::required)},
                       {"default", text_or_null(key.fallback)},
                       {"example", text_or_null(key.example)},
                       {"help", json::string(key.help)}});
}

std::string section_json(conf::SectionKind section, std::string_view heading) {
  std::vector<std::string> keys;
  for (const auto& key : conf::all_keys())
    if (key.section() == section) keys.push_back(key_json(key));
  return json::object({{"section", json::string(heading)}, {"keys", json::array(keys)}});
}

}  // namespace

std::string reference_json() {
  return json::array({section_json(conf::SectionKind::homeward, "homeward"),
                      section_json(conf::SectionKind::listener, "listener NAME"),
                      section_json(conf::SectionKind::account, "account NAME"),
                      section_json(conf::SectionKind::provider, "provider NAME")});
}

int run_config(bool json) {
  fmt::print("{}", json ? reference_json() + '\n' : conf::reference_text());
  return EX_OK;
}

}  // namespace homeward::app
