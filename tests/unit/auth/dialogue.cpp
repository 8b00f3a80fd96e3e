#include "tests/unit/auth/dialogue.hpp"

#include "tests/support/catch.hpp"

namespace homeward::auth::test {

namespace {

constexpr int kMaxSteps = 10;

/// The client's answer to a challenge; on the first round the initial response, if the challenge is empty.
class Client {
 public:
  explicit Client(const Parties& parties) : client_(identity_of(parties)) {}

  bool start(const Parties& parties, Outcome& outcome) {
    auto initial = client_.start(parties.mechanism);
    if (!initial) return fail(initial.error(), outcome);
    if (initial->has_value()) outcome.from_client.emplace_back((*initial)->reveal());
    return true;
  }
  bool answer(const std::string& challenge, Outcome& outcome) {
    auto response = client_.next(challenge);
    if (!response) return fail(response.error(), outcome);
    outcome.from_client.emplace_back(response->reveal());
    return true;
  }
  bool complete() const { return client_.complete(); }

 private:
  static bool fail(const Error& error, Outcome& outcome) {
    outcome.client_error = error;
    return false;
  }
  SaslClient client_;
};

void converse(Client& client, SaslServer& server, const Parties& parties, Outcome& outcome) {
  std::optional<std::string_view> initial;
  if (!outcome.from_client.empty()) initial = outcome.from_client.front();
  auto step = server.start(parties.mechanism, initial);
  for (int i = 0; i < kMaxSteps; ++i) {
    if (!step) {
      outcome.server_error = step.error();
      return;
    }
    if (step->done) {
      outcome.user = step->user;
      return;
    }
    if (!client.answer(parties.tamper ? parties.tamper(step->challenge) : step->challenge, outcome)) return;
    step = server.next(outcome.from_client.back());
  }
  FAIL("the login does not end");
}

}  // namespace

const SaslLibrary& library() {
  static const auto started = SaslLibrary::start(SaslLibrary::Sides::client_and_server);
  if (!started) FAIL(started.error().detail);
  return **started;
}

const std::vector<std::string>& mechanisms() {
  static const std::vector<std::string> all = {"PLAIN",       "LOGIN",         "CRAM-MD5",     "DIGEST-MD5",
                                               "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"};
  return all;
}

SaslIdentity identity_of(const Parties& parties) {
  return {.host = std::string(kHost),
          .login = parties.login,
          .authorization = parties.authorization,
          .password = Secret(std::string(parties.client_password)),
          .binding = parties.client_binding};
}

Outcome log_in(const Parties& parties) {
  library();
  Outcome outcome;
  const Users users(parties.server_password);
  SaslServer server(users, std::string(kHost), mechanisms(), parties.server_binding);
  Client client(parties);
  if (client.start(parties, outcome)) converse(client, server, parties, outcome);
  outcome.client_complete = client.complete();
  return outcome;
}

bool keeps_secret(const Error& error, std::string_view secret) {
  return error.reply.text.find(secret) == std::string::npos && error.detail.find(secret) == std::string::npos;
}

}  // namespace homeward::auth::test
