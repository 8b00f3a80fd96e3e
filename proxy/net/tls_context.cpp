#include "proxy/net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

#include <boost/asio/ssl/context.hpp>
#include <utility>

#include "proxy/net/tls_sessions.hpp"

namespace homeward::net {
namespace {

namespace ssl = boost::asio::ssl;
using Path = std::filesystem::path;

Error context_error(std::string_view what, std::string_view why) {
  return make_error(Fault::tls, 451, {4, 7, 5}, fmt::format("{}: {}", what, why));
}

/// A key that is locked would make OpenSSL ask at a terminal. `asked`, where there is one, is a bool.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

void set_up(ssl::context& context, TlsFloor floor) {
  context.set_options(ssl::context::default_workarounds);
  auto* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, floor == TlsFloor::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_default_passwd_cb(native, no_passphrase);
}

Result<void> load_anchors(ssl::context& context, const TlsSettings& settings) {
  boost::system::error_code fault;
  if (settings.ca_file) {
    context.load_verify_file(settings.ca_file->string(), fault);
    if (fault)
      return std::unexpected(
          context_error(fmt::format("tls_ca {}", settings.ca_file->string()), fault.message()));
  } else if (settings.pins.empty()) {
    context.set_default_verify_paths(fault);
    if (fault) return std::unexpected(context_error("the system's certificate store", fault.message()));
  }
  return {};
}

std::string key_fault(unsigned long code, const Path& certificate) {
  if (ERR_GET_LIB(code) == ERR_LIB_X509) {
    const int reason = ERR_GET_REASON(code);
    if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH)
      return fmt::format("it is not the key of {}", certificate.string());
  }
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "it holds no key that can be read" : reason;
}

Result<void> load_identity(ssl::context& context, const TlsSettings& settings) {
  if (!settings.certificate) return {};
  const auto& certificate = *settings.certificate;
  boost::system::error_code fault;
  context.use_certificate_chain_file(certificate.string(), fault);
  if (fault)
    return std::unexpected(
        context_error(fmt::format("tls_certificate {}", certificate.string()), fault.message()));
  const auto& key = settings.key ? *settings.key : certificate;
  auto* native = context.native_handle();
  bool locked = false;
  SSL_CTX_set_default_passwd_cb_userdata(native, &locked);
  ERR_clear_error();
  const bool good = SSL_CTX_use_PrivateKey_file(native, key.c_str(), SSL_FILETYPE_PEM) == 1 &&
                    SSL_CTX_check_private_key(native) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(native, nullptr);
  if (good) return {};
  const auto why = locked ? "it is locked by a passphrase; store it without one, readable by this user alone"
                          : key_fault(ERR_peek_error(), certificate);
  ERR_clear_error();
  const auto* name = settings.key ? "tls_key" : "tls_certificate (its key)";
  return std::unexpected(context_error(fmt::format("{} {}", name, key.string()), why));
}

std::string text_of(const std::optional<Path>& path) {
  return path ? path->string() : "";
}

}  // namespace

struct TlsContext::Inside {
  Inside(ssl::context::method method, TlsSettings wanted) : context(method), settings(std::move(wanted)) {
    set_up(context, settings.floor);
  }
  ssl::context context;
  TlsSettings settings;
  TlsSessions sessions;
};

std::string TlsSettings::fingerprint() const {
  auto text = fmt::format("{}\n{}\n{}\n{}", static_cast<int>(floor), text_of(ca_file), text_of(certificate),
                          text_of(key));
  for (const auto& pin : pins) text += "\n" + to_text(pin);
  return text;
}

Result<TlsContext> TlsContext::client(const TlsSettings& settings) {
  auto inside = std::make_shared<Inside>(ssl::context::tls_client, settings);
  if (auto done = load_anchors(inside->context, settings); !done)
    return std::unexpected(std::move(done.error()));
  if (auto done = load_identity(inside->context, settings); !done)
    return std::unexpected(std::move(done.error()));
  inside->context.set_verify_mode(ssl::verify_peer);
  auto* native = inside->context.native_handle();
  if (!settings.pins.empty()) SSL_CTX_set_cert_verify_callback(native, &TlsContext::verify, inside.get());
  hand_sessions_to_keepers(native);
  return TlsContext(std::move(inside));
}

Result<TlsContext> TlsContext::server(const Path& certificate, const Path& key) {
  auto inside = std::make_shared<Inside>(ssl::context::tls_server, TlsSettings{});
  // There may be many clients, mostly idle; the few connections upstream keep their buffers, for speed.
  SSL_CTX_set_mode(inside->context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  boost::system::error_code fault;
  inside->context.use_certificate_chain_file(certificate.string(), fault);
  if (fault)
    return std::unexpected(
        context_error(fmt::format("certificate {}", certificate.string()), fault.message()));
  inside->context.use_private_key_file(key.string(), ssl::context::pem, fault);
  if (fault) return std::unexpected(context_error(fmt::format("key {}", key.string()), fault.message()));
  return TlsContext(std::move(inside));
}

ssl::context& TlsContext::native() const {
  return inside_->context;
}

TlsSessions& TlsContext::sessions() const {
  return inside_->sessions;
}

bool TlsContext::pins_allow(const X509* certificate) const {
  const auto& pins = inside_->settings.pins;
  return pins.empty() || fits_any(pins, certificate);
}

/// In place of OpenSSL's own verification, which it calls: the pin first, as its text says more.
int TlsContext::verify(X509_STORE_CTX* chain, void* inside) {
  const auto& settings = static_cast<const Inside*>(inside)->settings;
  auto* leaf = X509_STORE_CTX_get0_cert(chain);
  if (!fits_any(settings.pins, leaf)) {
    X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    X509_STORE_CTX_set_error_depth(chain, 0);
    X509_STORE_CTX_set_current_cert(chain, leaf);
    // The connection keeps the reason; what it answers changes nothing.
    if (const auto told = X509_STORE_CTX_get_verify_cb(chain)) (void)told(0, chain);
    return 0;
  }
  return settings.ca_file ? X509_verify_cert(chain) : verify_leaf_alone(chain);
}

}  // namespace homeward::net
