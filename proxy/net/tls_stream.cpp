#include "proxy/net/tls_stream.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>

#include "proxy/net/certificate_fault.hpp"
#include "proxy/net/handshake_fault.hpp"
#include "proxy/net/socket_stream.hpp"
#include "proxy/net/tls_sessions.hpp"

namespace homeward::net {
namespace {

namespace ssl = asio::ssl;
using Layer = ssl::stream<asio::ip::tcp::socket>;

constexpr std::chrono::milliseconds kShutdownTime{1000};

/// RFC 9266 §4.2: 32 octets under this label, with an empty context.
std::string exporter_binding(SSL* tls) {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  std::array<unsigned char, 32> bytes{};
  if (SSL_export_keying_material(tls, bytes.data(), bytes.size(), kLabel.data(), kLabel.size(), nullptr, 0,
                                 1) != 1) {
    return {};
  }
  return {bytes.begin(), bytes.end()};
}

/// RFC 5929 §3: the first Finished message of the handshake, which is the client's in a full handshake
/// and the server's in a resumed one.
std::string unique_binding(SSL* tls) {
  if (SSL_get_extms_support(tls) != 1) return {};  // RFC 7627 §1: without it the value can be made to repeat
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  const bool ours = (SSL_is_server(tls) == 1) == (SSL_session_reused(tls) == 1);
  const auto size = ours ? SSL_get_finished(tls, bytes.data(), bytes.size())
                         : SSL_get_peer_finished(tls, bytes.data(), bytes.size());
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(size, bytes.size()))};
}

TlsFacts read_facts(SSL* tls) {
  TlsFacts facts;
  facts.version = SSL_get_version(tls);
  facts.cipher = SSL_get_cipher_name(tls);
  facts.resumed = SSL_session_reused(tls) == 1;
  const bool modern = SSL_version(tls) >= TLS1_3_VERSION;
  facts.binding_type = modern ? "tls-exporter" : "tls-unique";
  facts.binding_data = modern ? exporter_binding(tls) : unique_binding(tls);
  if (facts.binding_data.empty()) facts.binding_type.clear();
  return facts;
}

class TlsStream final : public SocketStream<Layer> {
 public:
  TlsStream(asio::ip::tcp::socket socket, TlsContext context)
      : SocketStream(socket.get_executor(), std::move(socket), context.native()),
        context_(std::move(context)) {}

  Task<void> handshake_as_client(std::string host, std::uint16_t port) {
    if (!prepare_verification(host)) {
      co_return std::unexpected(
          make_error(Fault::tls, 451, {4, 7, 5}, fmt::format("{} is no host name", host)));
    }
    SSL* tls = layer().native_handle();
    sessions_.emplace(context_.sessions(), fmt::format("{} {}", host, port)).attach(tls);
    record_first_octets(tls);
    const auto [fault] = co_await layer().async_handshake(ssl::stream_base::client, kNoThrow);
    SSL_set_msg_callback(tls, nullptr);
    if (fault) {
      sessions_->handshake_failed();
      co_return std::unexpected(explain_handshake(fault, host, port));
    }
    // Belt and braces: never go on without a verified certificate, whatever the library made of it. A resumed
    // connection shows the certificate of its first one, which is not verified anew.
    const X509* shown = SSL_get0_peer_certificate(tls);
    if (SSL_get_verify_result(tls) != X509_V_OK || shown == nullptr || !context_.pins_allow(shown)) {
      sessions_->handshake_failed();
      co_return std::unexpected(make_error(
          Fault::tls, 451, {4, 7, 5}, fmt::format("{} showed no certificate that may be trusted", host)));
    }
    sessions_->verified(tls);
    facts_ = read_facts(tls);
    co_return Result<void>{};
  }

  Task<void> handshake_as_server() {
    const auto [fault] = co_await layer().async_handshake(ssl::stream_base::server, kNoThrow);
    if (fault) co_return std::unexpected(describe("TLS handshake", fault));
    facts_ = read_facts(layer().native_handle());
    co_return Result<void>{};
  }

  asio::awaitable<void> shutdown() override {
    expires_after(kShutdownTime);
    (void)co_await layer().async_shutdown(kNoThrow);  // many peers just close: no fault
    close();
  }

  bool has_input() override { return has_decrypted() || SocketStream::has_input(); }
  const std::optional<TlsFacts>& tls() const override { return facts_; }

 private:
  /// Also of records that came with the last one that was read: Asio has taken them from the socket already,
  /// and SSL_pending() knows the last one alone. A ticket or the like is no input.
  bool has_decrypted() {
    char first = 0;
    const bool found = SSL_peek(layer().native_handle(), &first, 1) > 0;
    ERR_clear_error();
    return found;
  }

  /// SNI, the name to hold the certificate against, and a callback that keeps the reason of a refusal.
  bool prepare_verification(const std::string& host) {
    SSL* tls = layer().native_handle();
    X509_VERIFY_PARAM* rules = SSL_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(rules, kHostFlags);
    const bool is_address = IpAddress::parse(host).has_value();
    const bool set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1
                                : X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
                                      SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
    layer().set_verify_mode(ssl::verify_peer);
    layer().set_verify_callback([this, host](bool good, ssl::verify_context& context) {
      if (!good) certificate_ = read_certificate_fault(context.native_handle(), host);
      return good;
    });
    return set;
  }

  /// OpenSSL shows the five octets of each record's header before it judges them; of a web page or a banner,
  /// the first five.
  void record_first_octets(SSL* tls) {
    SSL_set_msg_callback_arg(tls, this);
    SSL_set_msg_callback(tls, [](int is_written, int /*version*/, int kind, const void* octets,
                                 std::size_t count, SSL* /*tls*/, void* self) {
      auto& first = static_cast<TlsStream*>(self)->first_octets_;
      if (is_written == 0 && kind == SSL3_RT_HEADER && first.empty())
        first.assign(static_cast<const char*>(octets), count);
    });
  }

  Error explain_handshake(const boost::system::error_code& fault, const std::string& host,
                          std::uint16_t port) const {
    if (certificate_.code != X509_V_OK)
      return make_error(Fault::tls, 451, {4, 7, 5}, explain(certificate_, host));
    auto error = describe(fmt::format("TLS handshake with {}", host), fault);
    if (error.fault == Fault::canceled) return error;
    error.fault = Fault::tls;
    error.reply.enhanced = {4, 7, 5};
    if (auto met = explain_no_tls(first_octets_, host, port)) error.reply.text = *std::move(met);
    return error;
  }

  bool is_end(const boost::system::error_code& fault) const override {
    // Mail servers often close without close_notify; SMTP's replies, not TLS, say whether something was cut.
    return fault == asio::error::eof || fault == ssl::error::stream_truncated;
  }

  TlsContext context_;
  std::optional<TlsFacts> facts_;
  CertificateFault certificate_;
  std::string first_octets_;  // of the server, in the handshake
  std::optional<SessionKeeper> sessions_;
};

}  // namespace

Task<std::unique_ptr<Stream>> tls_connect(std::unique_ptr<Stream> plain, TlsContext context, std::string host,
                                          std::chrono::milliseconds timeout) {
  const auto port = server_port(*plain);
  auto stream = std::make_unique<TlsStream>(release_socket(std::move(plain)), std::move(context));
  stream->expires_after(timeout);
  if (auto done = co_await stream->handshake_as_client(std::move(host), port); !done) {
    co_return std::unexpected(std::move(done.error()));
  }
  stream->expires_never();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

Task<std::unique_ptr<Stream>> tls_accept(std::unique_ptr<Stream> plain, TlsContext context,
                                         std::chrono::milliseconds timeout) {
  auto stream = std::make_unique<TlsStream>(release_socket(std::move(plain)), std::move(context));
  stream->expires_after(timeout);
  if (auto done = co_await stream->handshake_as_server(); !done) {
    co_return std::unexpected(std::move(done.error()));
  }
  stream->expires_never();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace homeward::net
