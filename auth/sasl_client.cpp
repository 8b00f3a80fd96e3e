#include "auth/sasl_client.hpp"

#include <sasl/sasl.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "auth/sasl_support.hpp"
#include "proxy/base/text.hpp"

namespace homeward::auth {

namespace {

/// More challenges than any mechanism has; a server that goes on asking is stopped.
constexpr unsigned kMaxChallenges = 8;
/// SCRAM's work is set by the server; more than this (some tenths of a second) would be an attack on us.
constexpr unsigned long kMaxScramIterations = 250'000;
constexpr std::size_t kMaxChallenge = 8192;

struct PasswordDeleter {
  void operator()(sasl_secret_t* secret) const {
    explicit_bzero(secret->data, secret->len);
    std::free(secret);
  }
};
using Password = std::unique_ptr<sasl_secret_t, PasswordDeleter>;

Password as_sasl_secret(const Secret& secret) {
  // The type ends in an array of one byte, which is the final NUL here.
  auto* memory = static_cast<sasl_secret_t*>(std::calloc(1, sizeof(sasl_secret_t) + secret.size()));
  if (memory == nullptr) throw std::bad_alloc();
  memory->len = secret.size();
  if (!secret.empty()) std::memcpy(memory->data, secret.reveal().data(), secret.size());
  return Password(memory);
}

/// LOGIN and CRAM-MD5 have no place for one (RFC 2195): we would act as somebody else than configured.
bool carries_authorization(std::string_view mechanism) {
  return mechanism != "LOGIN" && mechanism != "CRAM-MD5";
}

/// RFC 5802 §7, server-first-message: "…,i=" iteration-count.
bool asks_absurd_work(std::string_view server_first) {
  const auto at = server_first.find(",i=");
  if (at == std::string_view::npos) return false;  // malformed: the library says so
  const std::string_view digits = server_first.substr(at + 3);
  unsigned long count = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (parsed.ec == std::errc::invalid_argument) return false;
  return parsed.ec != std::errc{} || count == 0 || count > kMaxScramIterations;
}

}  // namespace

struct SaslClient::State {
  explicit State(SaslIdentity who) : identity(std::move(who)), password(as_sasl_secret(identity.password)) {
    identity.password = Secret();  // one copy is enough
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static int give_name(void* context, int id, const char** result, unsigned* length);
  static int give_password(sasl_conn_t*, void* context, int id, sasl_secret_t** secret);
  static int give_realm(void* context, int id, const char** offered, const char** result);

  int open();
  Error failure(Fault fault, std::string_view why, std::string_view detail = {}) const;
  Error step_failure(int code) const;
  std::optional<Error> refuse_challenge(std::string_view challenge) const;
  bool binds_channel() const { return mechanism.ends_with(kPlusSuffix); }
  bool is_scram() const { return mechanism.starts_with("SCRAM-"); }

  SaslIdentity identity;
  Password password;
  std::array<sasl_callback_t, 6> callbacks{};
  sasl_channel_binding_t binding{};
  std::string mechanism;
  unsigned challenges = 0;
  bool done = false;
  Connection connection;  // last: it goes first, and points into the others
};

int SaslClient::State::give_name(void* context, int id, const char** result, unsigned* length) {
  const auto& identity = static_cast<State*>(context)->identity;
  // Without an authorization identity the answer is "", else PLAIN and SCRAM would send the login's.
  const std::string& name = id == SASL_CB_AUTHNAME ? identity.login : identity.authorization;
  *result = name.c_str();
  if (length != nullptr) *length = static_cast<unsigned>(name.size());
  return SASL_OK;
}

int SaslClient::State::give_password(sasl_conn_t*, void* context, int, sasl_secret_t** secret) {
  *secret = static_cast<State*>(context)->password.get();
  return SASL_OK;
}

// DIGEST-MD5 (RFC 2831 §2.1.1): the server names realms; most have one. The first is the server's own
// choice, and without any the host's name stands in.
int SaslClient::State::give_realm(void* context, int, const char** offered, const char** result) {
  const bool any = offered != nullptr && offered[0] != nullptr;
  *result = any ? offered[0] : static_cast<State*>(context)->identity.host.c_str();
  return SASL_OK;
}

int SaslClient::State::open() {
  callbacks = {{
      {SASL_CB_USER, callback_proc(&give_name), this},
      {SASL_CB_AUTHNAME, callback_proc(&give_name), this},
      {SASL_CB_PASS, callback_proc(&give_password), this},
      {SASL_CB_GETREALM, callback_proc(&give_realm), this},
      quiet_log(),
      {SASL_CB_LIST_END, nullptr, nullptr},
  }};
  connection.reset();
  challenges = 0;
  done = false;
  sasl_conn_t* opened = nullptr;
  const int code =
      sasl_client_new(kSaslService, identity.host.c_str(), nullptr, nullptr, callbacks.data(), 0, &opened);
  connection.reset(opened);
  if (code != SASL_OK) return code;
  if (const int secured = apply_security(opened); secured != SASL_OK) return secured;
  // The library is told of the binding only where it is used: with one at hand and a mechanism without
  // -PLUS it could say "y" ("I could, you can't"), which a server that can takes for an attack.
  if (!binds_channel()) return SASL_OK;
  binding = as_property(*identity.binding, true);
  return sasl_setprop(opened, SASL_CHANNEL_BINDING, &binding);
}

Error SaslClient::State::failure(Fault fault, std::string_view why, std::string_view detail) const {
  Error error = make_error(fault, 451, {4, 7, 0}, "login by " + mechanism + ": " + std::string(why));
  error.detail = detail;
  return error;
}

Error SaslClient::State::step_failure(int code) const {
  const std::string words = sasl_words(connection.get(), code);
  switch (code) {
    case SASL_BADAUTH:
    case SASL_BADSERV:
      return failure(Fault::login, "the server did not prove that it knows the password", words);
    case SASL_BADPROT:
      return failure(Fault::protocol, "the server's challenge is malformed", words);
    default:
      return failure(Fault::local, "it can't be done here", words);
  }
}

std::optional<Error> SaslClient::State::refuse_challenge(std::string_view challenge) const {
  if (challenges > kMaxChallenges) return failure(Fault::protocol, "the server asks without end");
  if (challenge.size() > kMaxChallenge) return failure(Fault::protocol, "the server's challenge is too long");
  if (challenges != 1) return std::nullopt;
  if (is_scram() && asks_absurd_work(challenge))
    return failure(Fault::protocol, "the server asks for an absurd number of iterations");
  // DIGEST-MD5's plug-in would compare this with an answer that it has not made yet, and crash.
  if (mechanism == "DIGEST-MD5" && text::starts_with_ignoring_case(challenge, "rspauth="))
    return failure(Fault::protocol, "the server's challenge is malformed");
  return std::nullopt;
}

SaslClient::SaslClient(SaslIdentity identity) : state_(std::make_unique<State>(std::move(identity))) {}
SaslClient::SaslClient(SaslClient&&) noexcept = default;
SaslClient& SaslClient::operator=(SaslClient&&) noexcept = default;
SaslClient::~SaslClient() = default;

Result<std::optional<Secret>> SaslClient::start(std::string_view mechanism) {
  State& state = *state_;
  state.connection.reset();
  state.mechanism = is_mechanism_name(mechanism) ? std::string(mechanism) : "?";
  if (state.mechanism == "?")
    return std::unexpected(state.failure(Fault::local, "this is no mechanism's name"));
  if (state.binds_channel() && !state.identity.binding)
    return std::unexpected(state.failure(Fault::local, "this TLS connection gives no channel binding"));
  if (!state.identity.authorization.empty() && !carries_authorization(state.mechanism))
    return std::unexpected(state.failure(Fault::local, "it can't carry the authorization identity"));

  int code = state.open();
  if (code != SASL_OK) return std::unexpected(state.step_failure(code));
  // DIGEST-MD5 would begin with a guess from its cache of earlier logins, which many servers refuse: it
  // is not asked for initial bytes.
  const bool asks_initial = state.mechanism != "DIGEST-MD5";
  const char* bytes = nullptr;
  unsigned size = 0;
  code = sasl_client_start(state.connection.get(), state.mechanism.c_str(), nullptr,
                           asks_initial ? &bytes : nullptr, &size, nullptr);
  if (code != SASL_OK && code != SASL_CONTINUE) {
    Error error =
        state.failure(Fault::local, "it can't be done here", sasl_words(state.connection.get(), code));
    state.connection.reset();
    return std::unexpected(std::move(error));
  }
  state.done = code == SASL_OK;
  if (bytes == nullptr) return std::optional<Secret>();
  const std::string_view initial(bytes, size);
  // RFC 5802 §7, gs2-header: without "p=" the login would not be bound, whatever its name says.
  if (state.binds_channel() && !initial.starts_with("p=" + state.identity.binding->type + ",")) {
    state.connection.reset();
    return std::unexpected(state.failure(Fault::local, "the library does not bind the channel"));
  }
  return std::optional<Secret>(Secret(std::string(initial)));
}

Result<Secret> SaslClient::next(std::string_view challenge) {
  State& state = *state_;
  if (state.connection == nullptr)
    return std::unexpected(state.failure(Fault::local, "no login is under way"));
  ++state.challenges;
  if (auto refused = state.refuse_challenge(challenge)) {
    state.connection.reset();
    return std::unexpected(std::move(*refused));
  }
  if (state.done) {
    // Nothing is left to say; an empty question (a server that is used to success data) gets an empty answer.
    if (challenge.empty()) return Secret();
    state.connection.reset();
    return std::unexpected(state.failure(Fault::protocol, "the server asks on after the end"));
  }
  const std::string terminated(challenge);
  const char* bytes = nullptr;
  unsigned size = 0;
  const int code = sasl_client_step(state.connection.get(), terminated.c_str(),
                                    static_cast<unsigned>(terminated.size()), nullptr, &bytes, &size);
  if (code != SASL_OK && code != SASL_CONTINUE) {
    Error error = state.step_failure(code);
    state.connection.reset();
    return std::unexpected(std::move(error));
  }
  state.done = code == SASL_OK;
  return Secret(bytes == nullptr ? std::string() : std::string(bytes, size));
}

bool SaslClient::complete() const {
  return state_->connection != nullptr && state_->done;
}

}  // namespace homeward::auth
