#include "proxy/net/keyed_digest.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <new>
#include <stdexcept>

namespace homeward::net {
namespace {

constexpr std::size_t kOctets = 16;

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

/// Ready to begin under this process's key. One nonce for all is no harm where no result is ever shown.
Context make_first() {
  std::array<unsigned char, 16> key{};
  std::array<unsigned char, 12> nonce{};
  EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "GMAC", nullptr);
  Context context(EVP_MAC_CTX_new(algorithm));
  EVP_MAC_free(algorithm);  // the context holds it
  std::string cipher = "AES-128-GCM";
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), cipher.size()),
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, nonce.data(), nonce.size()),
      OSSL_PARAM_construct_end()};
  if (!context || RAND_bytes(key.data(), key.size()) != 1 || RAND_bytes(nonce.data(), nonce.size()) != 1 ||
      EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()) != 1) {
    throw std::runtime_error("OpenSSL has no GMAC");
  }
  return context;
}

}  // namespace

struct KeyedDigest::State {
  State() : context(begin()) {
    if (!context) throw std::bad_alloc();
  }
  static EVP_MAC_CTX* begin() {
    static const Context kFirst = make_first();
    return EVP_MAC_CTX_dup(kFirst.get());
  }
  Context context;
};

KeyedDigest::KeyedDigest() : state_(std::make_unique<State>()) {}
KeyedDigest::KeyedDigest(KeyedDigest&&) noexcept = default;
KeyedDigest& KeyedDigest::operator=(KeyedDigest&&) noexcept = default;
KeyedDigest::~KeyedDigest() = default;

void KeyedDigest::update(std::string_view bytes) {
  if (EVP_MAC_update(state_->context.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size()) != 1) {
    throw std::runtime_error("GMAC failed");
  }
}

std::string KeyedDigest::finish() {
  std::array<unsigned char, kOctets> bytes{};
  std::size_t size = 0;
  if (EVP_MAC_final(state_->context.get(), bytes.data(), &size, bytes.size()) != 1)
    throw std::runtime_error("GMAC failed");
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace homeward::net
