// What the client's and the server's side of Cyrus SASL share: a connection that frees itself, callbacks
// that keep the library quiet and away from system files, our security properties. Private to this room.
#pragma once

#include <sasl/sasl.h>

#include <memory>
#include <string>
#include <string_view>

#include "auth/sasl_client.hpp"

namespace homeward::auth {

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const;
};
using Connection = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

inline constexpr const char* kSaslService = "smtp";
inline constexpr std::string_view kPlusSuffix = "-PLUS";

/// libsasl2 keeps callbacks of every shape in one type; they are called with their real one.
using CallbackProc = int (*)();
template <class Function>
CallbackProc callback_proc(Function* function) {
  return reinterpret_cast<CallbackProc>(reinterpret_cast<void (*)()>(function));
}

/// A log callback that says nothing: what matters comes back as an Error.
sasl_callback_t quiet_log();

/// No security layer (TLS is one), nothing anonymous, plain passwords allowed (we are always inside TLS).
int apply_security(sasl_conn_t* connection);

/// The property as libsasl2 wants it. It points into `binding`, which must outlive the connection.
sasl_channel_binding_t as_property(const ChannelBinding& binding, bool required);

/// The library's own word for a failure, fit to be logged.
std::string sasl_words(sasl_conn_t* connection, int code);

/// A SASL mechanism's name: 1 to 20 of A-Z, 0-9, "-" and "_" (RFC 4422 §3.1), with room for "-PLUS".
bool is_mechanism_name(std::string_view name);

/// Tells libsasl2's server side where passwords are: in the UserDatabase of the SaslServer that asks.
/// Called once, after sasl_server_init. Defined in sasl_server.cpp.
int register_user_lookup();

}  // namespace homeward::auth
