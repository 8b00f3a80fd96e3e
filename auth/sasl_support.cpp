#include "auth/sasl_support.hpp"

#include <algorithm>

#include "proxy/base/text.hpp"

namespace homeward::auth {

namespace {

int say_nothing(void*, int, const char*) {
  return SASL_OK;
}

}  // namespace

void ConnectionDeleter::operator()(sasl_conn_t* connection) const {
  sasl_dispose(&connection);
}

sasl_callback_t quiet_log() {
  return {SASL_CB_LOG, callback_proc(&say_nothing), nullptr};
}

int apply_security(sasl_conn_t* connection) {
  sasl_security_properties_t properties{};
  properties.security_flags = SASL_SEC_NOANONYMOUS;
  return sasl_setprop(connection, SASL_SEC_PROPS, &properties);
}

sasl_channel_binding_t as_property(const ChannelBinding& binding, bool required) {
  sasl_channel_binding_t property{};
  property.name = binding.type.c_str();
  property.critical = required ? 1 : 0;
  property.len = binding.data.size();
  property.data = reinterpret_cast<const unsigned char*>(binding.data.data());
  return property;
}

std::string sasl_words(sasl_conn_t* connection, int code) {
  std::string words = sasl_errstring(code, nullptr, nullptr);
  const char* more = connection == nullptr ? nullptr : sasl_errdetail(connection);
  if (more != nullptr) words.append(": ").append(more);
  return text::printable(words);
}

bool is_mechanism_name(std::string_view name) {
  constexpr std::size_t kLongest = 20 + kPlusSuffix.size();
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, allowed);
}

}  // namespace homeward::auth
