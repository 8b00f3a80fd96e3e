// TLS settings, made once and shared by many connections. Verification can't be switched off
// (product.md 6); RFC 8996 (TLS 1.2 at least), RFC 9525 (names: SAN only).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "proxy/base/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace homeward::net {

enum class TlsFloor : std::uint8_t { tls_1_2, tls_1_3 };

class TlsContext {
 public:
  /// For connections to an upstream. `ca_file` (PEM) is trusted in place of the system's store.
  /// Error: 451 4.7.5 where the CA file can't be read.
  static Result<TlsContext> client(TlsFloor floor, const std::optional<std::filesystem::path>& ca_file);
  /// For the server's side, from PEM files.
  static Result<TlsContext> server(const std::filesystem::path& certificate,
                                   const std::filesystem::path& key);

  boost::asio::ssl::context& native() const { return *context_; }

 private:
  explicit TlsContext(std::shared_ptr<boost::asio::ssl::context> context) : context_(std::move(context)) {}
  std::shared_ptr<boost::asio::ssl::context> context_;  // shared by the streams that were made with it
};

}  // namespace homeward::net
