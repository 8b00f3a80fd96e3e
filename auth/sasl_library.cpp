#include "auth/sasl_library.hpp"

#include <malloc.h>
#if __has_include(<nss.h>)
#include <nss.h>  // glibc
#endif
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "auth/sasl_support.hpp"
#include "proxy/base/text.hpp"

namespace homeward::auth {

namespace {

// libsasl2 is one per process, so whether it runs is the one fact here that no object can own.
std::atomic_flag running = ATOMIC_FLAG_INIT;

// libsasl2 frees buffers that held passwords (PLAIN's answer, SCRAM's salted password) without wiping
// them. So all its memory is wiped when it is given back.
void wiping_free(void* memory) {
  if (memory != nullptr) explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

void* wiping_realloc(void* memory, std::size_t size) {
  void* grown = std::malloc(size);
  if (grown == nullptr || memory == nullptr) return grown;
  std::memcpy(grown, memory, std::min(size, malloc_usable_size(memory)));
  wiping_free(memory);
  return grown;
}

void* zeroed(std::size_t count, std::size_t size) {
  return std::calloc(count, size);
}

// Logins may run on threads of a pool; DIGEST-MD5's plug-in keeps a cache that they share.
void* mutex_new() {
  return new (std::nothrow) std::mutex;
}
int mutex_lock(void* mutex) {
  static_cast<std::mutex*>(mutex)->lock();
  return SASL_OK;
}
int mutex_unlock(void* mutex) {
  static_cast<std::mutex*>(mutex)->unlock();
  return SASL_OK;
}
void mutex_delete(void* mutex) {
  delete static_cast<std::mutex*>(mutex);
}

// The plug-ins that we know and test. Others that may lie in the folder (SQL, LDAP, NTLM, a sasldb) are
// not even loaded: they bring libraries, read files, or offer what we would never choose.
int only_known_plugins(void*, const char* file, sasl_verify_type_t type) {
  constexpr std::array<std::string_view, 5> kKnown = {"libplain.", "liblogin.", "libcrammd5.",
                                                      "libdigestmd5.", "libscram."};
  if (type != SASL_VRFY_PLUGIN || file == nullptr) return SASL_CONTINUE;
  std::string_view name = file;
  name.remove_prefix(name.rfind('/') + 1);
  const auto begins = [name](std::string_view known) { return name.starts_with(known); };
  return std::ranges::any_of(kKnown, begins) ? SASL_OK : SASL_CONTINUE;
}

// No option is set, and without an application's name libsasl2 looks for no configuration file.
int no_option(void*, const char*, const char*, const char**, unsigned*) {
  return SASL_FAIL;
}

const sasl_callback_t* global_callbacks() {
  static const std::array<sasl_callback_t, 4> callbacks = {{
      quiet_log(),
      {SASL_CB_GETOPT, callback_proc(&no_option), nullptr},
      {SASL_CB_VERIFYFILE, callback_proc(&only_known_plugins), nullptr},
      {SASL_CB_LIST_END, nullptr, nullptr},
  }};
  return callbacks.data();
}

// For each login libsasl2 asks the C library's resolver who we are, where our host's name has no dot in
// it, and uses the answer for nothing that we do. On a network with a bad DNS that would hold up all mail
// for seconds, and tell the network our name. So in this process that resolver knows /etc/hosts alone; real
// names are resolved by c-ares, which is not concerned. Done once: glibc keeps each answer for good.
void keep_lookups_local() {
#if __has_include(<nss.h>)
  static const int done = __nss_configure_lookup("hosts", "files");
  static_cast<void>(done);  // where it fails, logins work all the same
#endif
}

int start_sides(SaslLibrary::Sides sides) {
  keep_lookups_local();
  sasl_set_alloc(&std::malloc, &zeroed, &wiping_realloc, &wiping_free);
  sasl_set_mutex(&mutex_new, &mutex_lock, &mutex_unlock, &mutex_delete);
  int code = sasl_client_init(global_callbacks());
  if (code != SASL_OK || sides == SaslLibrary::Sides::client) return code;
  code = sasl_server_init(global_callbacks(), nullptr);
  if (code == SASL_OK) code = register_user_lookup();
  if (code != SASL_OK) sasl_client_done();
  return code;
}

void add_name(client_sasl_mechanism_t* mechanism, sasl_info_callback_stage_t stage, void* names) {
  if (stage != SASL_INFO_LIST_MECH) return;
  static_cast<std::vector<std::string>*>(names)->push_back(text::to_upper(mechanism->plug->mech_name));
}

Error not_started(std::string detail) {
  Error error = make_error(Fault::local, 451, {4, 7, 0}, "login: the SASL library could not be started");
  error.detail = std::move(detail);
  return error;
}

}  // namespace

Result<std::unique_ptr<SaslLibrary>> SaslLibrary::start(Sides sides) {
  if (running.test_and_set())
    return std::unexpected(not_started("the SASL library has been started already"));
  const int code = start_sides(sides);
  if (code != SASL_OK) {
    running.clear();
    return std::unexpected(not_started("Cyrus SASL does not start: " + sasl_words(nullptr, code)));
  }
  std::unique_ptr<SaslLibrary> library(new SaslLibrary(sides));
  if (library->client_mechanisms().empty())
    return std::unexpected(
        not_started("Cyrus SASL finds no mechanism: install the package libsasl2-modules"));
  return library;
}

SaslLibrary::~SaslLibrary() {
  if (sides_ == Sides::client_and_server) sasl_server_done();
  sasl_client_done();
  running.clear();
}

std::vector<std::string> SaslLibrary::client_mechanisms() const {
  std::vector<std::string> names;
  sasl_client_plugin_info(nullptr, &add_name, &names);
  // EXTERNAL is built in, and no password goes with it.
  std::erase(names, "EXTERNAL");
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

}  // namespace homeward::auth
