// TLS settings, made once and shared by many connections. Verification can't be switched off
// (product.md 6); RFC 8996 (TLS 1.2 at least), RFC 9525 (names: SAN only). A client's context also keeps the
// sessions of its connections, so that none meets other settings than those it was verified under.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/result.hpp"
#include "proxy/net/public_key_pin.hpp"

namespace boost::asio::ssl {
class context;
}

namespace homeward::net {

class TlsSessions;

enum class TlsFloor : std::uint8_t { tls_1_2, tls_1_3 };

/// What a client holds a server to, and shows it.
struct TlsSettings {
  TlsFloor floor = TlsFloor::tls_1_2;
  std::optional<std::filesystem::path> ca_file = {};  ///< PEM, trusted in place of the system's store
  /// Where there are any, the server's key must fit one of them. They stand in place of a CA; with `ca_file`,
  /// both must hold.
  std::vector<PublicKeyPin> pins = {};
  std::optional<std::filesystem::path> certificate = {};  ///< PEM, with its chain, to show the server
  std::optional<std::filesystem::path> key = {};          ///< PEM; unless given, in the certificate's file

  bool operator==(const TlsSettings&) const = default;
  /// A text that is the same for the same settings alone: to find a context by.
  std::string fingerprint() const;
};

class TlsContext {
 public:
  /// For connections to an upstream. Error: 451 4.7.5 naming the file, where a CA, certificate or key can't
  /// be read, is locked by a passphrase, or a key is another certificate's.
  static Result<TlsContext> client(const TlsSettings& settings);
  /// For the server's side, from PEM files.
  static Result<TlsContext> server(const std::filesystem::path& certificate,
                                   const std::filesystem::path& key);

  boost::asio::ssl::context& native() const;
  /// Of a client's context.
  TlsSessions& sessions() const;
  /// True where there are no pins, or one of them fits. The verification asks it; so does each resumed
  /// connection, whose certificate is not verified anew.
  bool pins_allow(const X509* certificate) const;

 private:
  struct Inside;
  explicit TlsContext(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}
  static int verify(X509_STORE_CTX* chain, void* inside);
  std::shared_ptr<Inside> inside_;  // shared by the streams that were made with it
};

}  // namespace homeward::net
