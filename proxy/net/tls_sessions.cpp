#include "proxy/net/tls_sessions.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace homeward::net {
namespace {

std::int64_t seconds_of(const ASN1_TIME* time, std::int64_t otherwise) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return otherwise;
  return ::timegm(&parts);
}

/// Nothing where this connection verified no chain itself: it was resumed.
std::optional<Validity> verified_validity(const SSL* tls) {
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(tls);
  if (chain == nullptr || sk_X509_num(chain) == 0) return std::nullopt;
  Validity validity;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509* certificate = sk_X509_value(chain, i);
    validity.from = std::max(validity.from, seconds_of(X509_get0_notBefore(certificate), validity.from));
    // An end that can't be read is one that is over.
    validity.until = std::min(validity.until, seconds_of(X509_get0_notAfter(certificate), 0));
  }
  return validity;
}

/// Not older than its ticket, or OpenSSL's own limit.
bool is_fresh(const SSL_SESSION* session, std::int64_t now) {
  std::int64_t lifetime = SSL_SESSION_get_timeout(session);
  if (const auto hint = SSL_SESSION_get_ticket_lifetime_hint(session); hint > 0)
    lifetime = std::min<std::int64_t>(lifetime, static_cast<std::int64_t>(hint));
  const std::int64_t age = now - SSL_SESSION_get_time(session);
  return age >= 0 && age < lifetime;  // a clock that was set back tells nothing
}

bool is_for_one_use(const SSL_SESSION* session) {
  return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

/// OpenSSL's slot for what belongs to a connection; asked for once in a program.
int keeper_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

int on_new_session(SSL* tls, SSL_SESSION* session) {
  if (auto* keeper = static_cast<SessionKeeper*>(SSL_get_ex_data(tls, keeper_slot())))
    keeper->on_new(tls, session);
  return 0;  // the reference stays OpenSSL's
}

}  // namespace

void FreeSession::operator()(SSL_SESSION* session) const {
  SSL_SESSION_free(session);
}

void TlsSessions::put(const std::string& server, TlsSession session) {
  auto& place = servers_[server];
  place.used = ++uses_;
  place.sessions.push_back(std::move(session));
  if (place.sessions.size() > kPerServer) place.sessions.pop_front();
  make_room();
}

std::optional<TlsSession> TlsSessions::take(const std::string& server, std::int64_t now) {
  const auto place = servers_.find(server);
  if (place == servers_.end()) return std::nullopt;
  auto& sessions = place->second.sessions;
  place->second.used = ++uses_;
  std::erase_if(sessions, [now](const TlsSession& kept) {
    return !kept.validity.holds(now) || !is_fresh(kept.session.get(), now);
  });
  if (sessions.empty()) {
    servers_.erase(place);
    return std::nullopt;
  }
  auto& newest = sessions.back();
  if (!is_for_one_use(newest.session.get())) {
    // A copy: OpenSSL spoils what a connection used where it ends without a good-bye.
    SessionPointer copy(SSL_SESSION_dup(newest.session.get()));
    if (!copy) return std::nullopt;
    return TlsSession{std::move(copy), newest.validity};
  }
  auto taken = std::move(newest);
  sessions.pop_back();
  return taken;
}

void TlsSessions::make_room() {
  if (servers_.size() <= kServers) return;
  servers_.erase(std::ranges::min_element(
      servers_, {}, [](const std::pair<const std::string, Server>& entry) { return entry.second.used; }));
}

SessionKeeper::SessionKeeper(TlsSessions& sessions, std::string server)
    : sessions_(sessions), server_(std::move(server)) {}

void SessionKeeper::attach(SSL* tls) {
  SSL_set_ex_data(tls, keeper_slot(), this);
  const auto taken = sessions_.take(server_, std::time(nullptr));
  if (taken && SSL_set_session(tls, taken->session.get()) == 1) offered_ = taken->validity;
}

void SessionKeeper::verified(SSL* tls) {
  verified_ = true;
  if (early_) keep(tls, std::move(early_));
}

void SessionKeeper::handshake_failed() {
  if (offered_) sessions_.forget(server_);
}

void SessionKeeper::on_new(SSL* tls, const SSL_SESSION* session) {
  if (SSL_SESSION_is_resumable(session) != 1) return;
  // A copy, as in take().
  SessionPointer copy(SSL_SESSION_dup(session));
  if (!copy) return;
  if (verified_)
    keep(tls, std::move(copy));
  else
    early_ = std::move(copy);
}

void SessionKeeper::keep(SSL* tls, SessionPointer session) {
  // RFC 7627 §5.3: a session of TLS 1.2 without the extended master secret can be spliced to another one.
  if (!is_for_one_use(session.get()) && SSL_get_extms_support(tls) != 1) return;
  auto validity = verified_validity(tls);
  if (!validity && SSL_session_reused(tls) == 1) validity = offered_;
  if (validity) sessions_.put(server_, {std::move(session), *validity});
}

void hand_sessions_to_keepers(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_new_session);
}

}  // namespace homeward::net
