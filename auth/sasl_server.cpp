#include "auth/sasl_server.hpp"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "auth/sasl_support.hpp"
#include "proxy/base/text.hpp"

namespace homeward::auth {

namespace {

/// A client that goes on answering without an end is stopped.
constexpr unsigned kMaxResponses = 8;
constexpr std::size_t kMaxResponse = 8192;
constexpr const char* kLookupName = "homeward";

Error refused(int code, EnhancedCode enhanced, std::string text, std::string detail = {}) {
  Error error = make_error(Fault::client, code, enhanced, std::move(text));
  error.detail = std::move(detail);
  return error;
}

Error malformed() {
  return refused(501, {5, 5, 2}, "Malformed authentication response");
}
Error no_such_mechanism() {
  return refused(504, {5, 5, 4}, "Authentication mechanism not offered");
}

/// One answer for an unknown user and a wrong password: a stranger learns nothing (RFC 4954 §6).
Error credentials_invalid(std::string detail) {
  return refused(535, {5, 7, 8}, "Authentication credentials invalid", std::move(detail));
}

Error from_library(sasl_conn_t* connection, int code, bool later) {
  std::string words = sasl_words(connection, code);
  switch (code) {
    case SASL_NOMECH:
    case SASL_TOOWEAK:
    case SASL_ENCRYPT:
      return no_such_mechanism();
    case SASL_BADPROT:
      // After the first response it is no slip of form any more: a binding or a proof that does not fit.
      if (!later) return malformed();
      return credentials_invalid(std::move(words));
    case SASL_NOTINIT:
    case SASL_NOMEM:
      return refused(454, {4, 7, 0}, "Temporary authentication failure", std::move(words));
    default:
      return credentials_invalid(std::move(words));
  }
}

}  // namespace

struct SaslServer::State {
  State(const UserDatabase& known, std::string name, std::vector<std::string> may,
        std::optional<ChannelBinding> bound)
      : users(known),
        host(std::move(name)),
        mechanisms(std::move(may)),
        mechanism_list(text::join(mechanisms, " ")),
        binding(std::move(bound)) {
    if (binding) property = as_property(*binding, false);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static int give_option(void* context, const char* plugin, const char* option, const char** result,
                         unsigned* length);
  static int permit(sasl_conn_t*, void* context, const char* wanted, unsigned wanted_size,
                    const char* authenticated, unsigned authenticated_size, const char* realm,
                    unsigned realm_size, propctx*);
  static int look_up(void*, sasl_server_params_t* asked, unsigned flags, const char* user, unsigned size);
  static int init_lookup(const sasl_utils_t*, int max_version, int* version, sasl_auxprop_plug_t** plugin,
                         const char*);

  int open();
  std::optional<Secret> password_of(std::string_view user) const;
  bool may_use(std::string_view mechanism) const;
  Result<Step> judge(int code, const char* bytes, unsigned size);
  Result<Step> step(std::string_view response);

  const UserDatabase& users;
  std::string host;
  std::vector<std::string> mechanisms;
  std::string mechanism_list;
  std::optional<ChannelBinding> binding;
  sasl_channel_binding_t property{};
  std::array<sasl_callback_t, 4> callbacks{};
  unsigned responses = 0;
  Connection connection;  // last: it goes first, and points into the others
};

int SaslServer::State::give_option(void* context, const char*, const char* option, const char** result,
                                   unsigned* length) {
  const std::string_view name = option;
  const auto* state = static_cast<State*>(context);
  const char* value = nullptr;
  if (name == "mech_list") value = state->mechanism_list.c_str();
  if (name == "auxprop_plugin") value = kLookupName;
  if (name == "pwcheck_method") value = "auxprop";
  if (value == nullptr) return SASL_FAIL;
  *result = value;
  if (length != nullptr) *length = static_cast<unsigned>(std::strlen(value));
  return SASL_OK;
}

// Everybody acts as himself alone. This callback's context is also how look_up() finds its SaslServer.
int SaslServer::State::permit(sasl_conn_t*, void*, const char* wanted, unsigned wanted_size,
                              const char* authenticated, unsigned authenticated_size, const char*, unsigned,
                              propctx*) {
  const bool same =
      std::string_view(wanted, wanted_size) == std::string_view(authenticated, authenticated_size);
  return same ? SASL_OK : SASL_NOAUTHZ;
}

int SaslServer::State::look_up(void*, sasl_server_params_t* asked, unsigned flags, const char* user,
                               unsigned size) {
  // Asked for the authorization identity there is nothing to tell: permit() decides about that.
  if ((flags & SASL_AUXPROP_AUTHZID) != 0) return SASL_OK;
  int (*proc)() = nullptr;
  void* context = nullptr;
  const auto& utils = *asked->utils;
  if (utils.getcallback(utils.conn, SASL_CB_PROXY_POLICY, &proc, &context) != SASL_OK || context == nullptr)
    return SASL_FAIL;
  const auto password = static_cast<State*>(context)->password_of({user, size});
  if (!password) return SASL_NOUSER;
  // PLAIN and LOGIN look a user up twice, and ask for the password the second time.
  for (const propval* wanted = utils.prop_get(asked->propctx); wanted != nullptr && wanted->name != nullptr;
       ++wanted) {
    if (std::string_view(wanted->name) != SASL_AUX_PASSWORD || wanted->values != nullptr) continue;
    const auto bytes = password->reveal();
    return utils.prop_set(asked->propctx, SASL_AUX_PASSWORD, bytes.data(), static_cast<int>(bytes.size()));
  }
  return SASL_OK;
}

int SaslServer::State::init_lookup(const sasl_utils_t*, int max_version, int* version,
                                   sasl_auxprop_plug_t** plugin, const char*) {
  if (max_version < SASL_AUXPROP_PLUG_VERSION) return SASL_BADVERS;
  static std::string name = kLookupName;  // the library wants it writable, and never writes
  static sasl_auxprop_plug_t lookup{};
  lookup.auxprop_lookup = &look_up;
  lookup.name = name.data();
  *version = SASL_AUXPROP_PLUG_VERSION;
  *plugin = &lookup;
  return SASL_OK;
}

int SaslServer::State::open() {
  callbacks = {{
      {SASL_CB_GETOPT, callback_proc(&give_option), this},
      {SASL_CB_PROXY_POLICY, callback_proc(&permit), this},
      quiet_log(),
      {SASL_CB_LIST_END, nullptr, nullptr},
  }};
  connection.reset();
  responses = 0;
  sasl_conn_t* opened = nullptr;
  const int code =
      sasl_server_new(kSaslService, host.c_str(), nullptr, nullptr, nullptr, callbacks.data(), 0, &opened);
  connection.reset(opened);
  if (code != SASL_OK) return code;
  if (const int secured = apply_security(opened); secured != SASL_OK) return secured;
  return binding ? sasl_setprop(opened, SASL_CHANNEL_BINDING, &property) : SASL_OK;
}

std::optional<Secret> SaslServer::State::password_of(std::string_view user) const {
  if (auto password = users.password_of(user)) return password;
  // DIGEST-MD5 adds its realm, which is our host's name.
  const std::string realm = "@" + host;
  if (!user.ends_with(realm)) return std::nullopt;
  return users.password_of(user.substr(0, user.size() - realm.size()));
}

bool SaslServer::State::may_use(std::string_view mechanism) const {
  if (mechanism.ends_with(kPlusSuffix)) {
    if (!binding || !mechanism.starts_with("SCRAM-")) return false;
    mechanism.remove_suffix(kPlusSuffix.size());
  }
  return is_mechanism_name(mechanism) && std::ranges::find(mechanisms, mechanism) != mechanisms.end();
}

Result<SaslServer::Step> SaslServer::State::judge(int code, const char* bytes, unsigned size) {
  const void* user = nullptr;
  if (code == SASL_OK) code = sasl_getprop(connection.get(), SASL_USERNAME, &user);
  if (code != SASL_CONTINUE && (code != SASL_OK || user == nullptr)) {
    // `bytes` may be gone by now: a failed step frees what it belongs to.
    Error error = from_library(connection.get(), code, responses > 0);
    // libsasl2 would take one more step after a failed channel binding for a success.
    connection.reset();
    return std::unexpected(std::move(error));
  }
  Step step;
  if (bytes != nullptr) step.challenge.assign(bytes, size);
  if (code == SASL_CONTINUE) return step;
  step.done = true;
  step.user = static_cast<const char*>(user);
  connection.reset();
  return step;
}

Result<SaslServer::Step> SaslServer::State::step(std::string_view response) {
  if (connection == nullptr) return std::unexpected(malformed());
  if (++responses > kMaxResponses || response.size() > kMaxResponse) {
    connection.reset();
    return std::unexpected(malformed());
  }
  const std::string terminated(response);
  const char* bytes = nullptr;
  unsigned size = 0;
  const int code = sasl_server_step(connection.get(), terminated.c_str(),
                                    static_cast<unsigned>(terminated.size()), &bytes, &size);
  return judge(code, bytes, size);
}

SaslServer::SaslServer(const UserDatabase& users, std::string host, std::vector<std::string> mechanisms,
                       std::optional<ChannelBinding> binding)
    : state_(std::make_unique<State>(users, std::move(host), std::move(mechanisms), std::move(binding))) {}
SaslServer::SaslServer(SaslServer&&) noexcept = default;
SaslServer::~SaslServer() = default;

std::vector<std::string> SaslServer::offered() const {
  // A connection of its own: this must not disturb a login that is under way.
  State asked(state_->users, state_->host, state_->mechanisms, state_->binding);
  const char* listed = nullptr;
  unsigned size = 0;
  if (asked.open() != SASL_OK) return {};
  if (sasl_listmech(asked.connection.get(), nullptr, "", " ", "", &listed, &size, nullptr) != SASL_OK)
    return {};
  std::vector<std::string> names;
  for (const auto name : text::split({listed, size}, ' ')) names.emplace_back(name);
  return names;
}

Result<SaslServer::Step> SaslServer::start(std::string_view mechanism,
                                           std::optional<std::string_view> initial_response) {
  State& state = *state_;
  const std::string name = text::to_upper(mechanism);
  if (!state.may_use(name)) return std::unexpected(no_such_mechanism());
  if (initial_response && initial_response->size() > kMaxResponse) return std::unexpected(malformed());
  if (const int code = state.open(); code != SASL_OK)
    return std::unexpected(from_library(state.connection.get(), code, false));
  // RFC 5802 §6: whoever chose -PLUS must bind the channel.
  state.property.critical = name.ends_with(kPlusSuffix) ? 1 : 0;

  // LOGIN's user name on the AUTH line is no part of that mechanism, but old devices put it there.
  const bool early_name = name == "LOGIN" && initial_response && !initial_response->empty();
  const bool with_response = initial_response && !early_name;
  const std::string response(initial_response.value_or(""));
  const char* bytes = nullptr;
  unsigned size = 0;
  const int code =
      sasl_server_start(state.connection.get(), name.c_str(), with_response ? response.c_str() : nullptr,
                        with_response ? static_cast<unsigned>(response.size()) : 0, &bytes, &size);
  auto begun = state.judge(code, bytes, size);
  if (!begun || !early_name) return begun;
  return state.step(response);
}

Result<SaslServer::Step> SaslServer::next(std::string_view response) {
  return state_->step(response);
}

int register_user_lookup() {
  return sasl_auxprop_add_plugin(kLookupName, &SaslServer::State::init_lookup);
}

}  // namespace homeward::auth
