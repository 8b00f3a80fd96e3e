#include "proxy/net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <utility>

namespace homeward::net {
namespace {

namespace ssl = boost::asio::ssl;

Error context_error(std::string_view what, const boost::system::error_code& code) {
  return make_error(Fault::tls, 451, {4, 7, 5}, fmt::format("{}: {}", what, code.message()));
}

std::shared_ptr<ssl::context> make_context(ssl::context::method method, TlsFloor floor) {
  auto context = std::make_shared<ssl::context>(method);
  context->set_options(ssl::context::default_workarounds);
  auto* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, floor == TlsFloor::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Idle connections give their buffers back (speed.md: idle cost).
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

Result<TlsContext> TlsContext::client(TlsFloor floor, const std::optional<std::filesystem::path>& ca_file) {
  auto context = make_context(ssl::context::tls_client, floor);
  boost::system::error_code fault;
  if (ca_file) {
    context->load_verify_file(ca_file->string(), fault);
    if (fault) return std::unexpected(context_error(fmt::format("tls_ca {}", ca_file->string()), fault));
  } else {
    context->set_default_verify_paths(fault);
    if (fault) return std::unexpected(context_error("the system's certificate store", fault));
  }
  context->set_verify_mode(ssl::verify_peer);
  return TlsContext(std::move(context));
}

Result<TlsContext> TlsContext::server(const std::filesystem::path& certificate,
                                      const std::filesystem::path& key) {
  auto context = make_context(ssl::context::tls_server, TlsFloor::tls_1_2);
  boost::system::error_code fault;
  context->use_certificate_chain_file(certificate.string(), fault);
  if (fault)
    return std::unexpected(context_error(fmt::format("certificate {}", certificate.string()), fault));
  context->use_private_key_file(key.string(), ssl::context::pem, fault);
  if (fault) return std::unexpected(context_error(fmt::format("key {}", key.string()), fault));
  return TlsContext(std::move(context));
}

}  // namespace homeward::net
