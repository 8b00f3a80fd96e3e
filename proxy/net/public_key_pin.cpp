#include "proxy/net/public_key_pin.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <memory>

#include "proxy/base/base64.hpp"

namespace homeward::net {
namespace {

struct FreeBytes {
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
/// The certificates themselves stay their owner's.
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

}  // namespace

std::optional<PublicKeyPin> public_key_pin(const X509* certificate) {
  const auto* key = certificate == nullptr ? nullptr : X509_get_X509_PUBKEY(certificate);
  unsigned char* written = nullptr;
  const int size = key == nullptr ? -1 : i2d_X509_PUBKEY(key, &written);
  const std::unique_ptr<unsigned char, FreeBytes> owner(written);
  PublicKeyPin pin{};
  if (size <= 0 ||
      EVP_Digest(written, static_cast<std::size_t>(size), pin.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    return std::nullopt;
  }
  return pin;
}

bool fits_any(std::span<const PublicKeyPin> pins, const X509* certificate) {
  const auto shown = public_key_pin(certificate);
  return shown && std::ranges::find(pins, *shown) != pins.end();
}

std::string to_text(const PublicKeyPin& pin) {
  return "sha256//" + base64::encode({reinterpret_cast<const char*>(pin.data()), pin.size()});
}

int verify_leaf_alone(X509_STORE_CTX* context) {
  const std::unique_ptr<STACK_OF(X509), FreeStack> trusted(sk_X509_new_null());
  auto* leaf = X509_STORE_CTX_get0_cert(context);
  if (!trusted || leaf == nullptr || sk_X509_push(trusted.get(), leaf) == 0) {
    X509_STORE_CTX_set_error(context, X509_V_ERR_OUT_OF_MEM);
    return 0;
  }
  X509_STORE_CTX_set0_trusted_stack(context, trusted.get());
  X509_STORE_CTX_set0_untrusted(context, nullptr);
  X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);  // an anchor that is no root
  return X509_verify_cert(context);
}

}  // namespace homeward::net
