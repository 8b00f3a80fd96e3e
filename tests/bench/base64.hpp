// Base64 (RFC 4648 §4) by OpenSSL, for SASL PLAIN on both sides of the bench.
#pragma once

#include <openssl/evp.h>

#include <string>
#include <string_view>

namespace bench {

inline std::string base64(std::string_view octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0');
  const auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace bench
