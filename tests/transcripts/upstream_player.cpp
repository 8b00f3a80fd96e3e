#include "tests/transcripts/upstream_player.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <variant>

#include "auth/mechanism_choice.hpp"
#include "auth/sasl_library.hpp"
#include "auth/sasl_server.hpp"
#include "proxy/base/base64.hpp"
#include "proxy/base/text.hpp"
#include "proxy/smtp/client_dialog.hpp"
#include "proxy/smtp/reply_parser.hpp"
#include "proxy/upstream/login_dialog.hpp"

namespace homeward::test {
namespace {

constexpr std::string_view kServer = "mail.isp.test";

/// Both sides of Cyrus SASL, started once for the whole program.
const auth::SaslLibrary& library() {
  static const auto started = auth::SaslLibrary::start(auth::SaslLibrary::Sides::client_and_server);
  if (!started) throw std::runtime_error(started.error().detail);
  return **started;
}

class OneUser final : public auth::UserDatabase {
 public:
  OneUser(std::string name, std::string password) : name_(std::move(name)), password_(std::move(password)) {}
  std::optional<Secret> password_of(std::string_view user) const override {
    if (user != name_) return std::nullopt;
    return Secret(std::string(password_));
  }

 private:
  std::string name_;
  std::string password_;
};

std::string words_of(const smtp::Capabilities& capabilities) {
  std::vector<std::string> words;
  if (capabilities.pipelining) words.emplace_back("PIPELINING");
  if (capabilities.eight_bit_mime) words.emplace_back("8BITMIME");
  if (capabilities.enhanced_status_codes) words.emplace_back("ENHANCEDSTATUSCODES");
  if (capabilities.start_tls) words.emplace_back("STARTTLS");
  if (capabilities.size)
    words.push_back(capabilities.size_limit ? fmt::format("SIZE={}", *capabilities.size_limit) : "SIZE");
  for (const auto& name : capabilities.auth_mechanisms) words.push_back("AUTH=" + name);
  return words.empty() ? "nothing" : text::join(words, " ");
}

std::string words_of(const Error& error) {
  return fmt::format("{} {} {} {}", to_string(error.fault), error.reply.code, to_string(error.reply.enhanced),
                     error.reply.text);
}

/// The server's side of a SASL exchange, for mechanisms whose challenges can't be written down beforehand.
class LiveServer {
 public:
  explicit LiveServer(const Transcript& transcript)
      : user_(transcript.setting("login", "ann"), transcript.setting("server_password", "open sesame")),
        server_(user_, std::string(kServer), library().client_mechanisms(), std::nullopt) {}

  /// The challenge that answers the client's line, in base64.
  std::string challenge_for(std::string_view line) {
    const auto words = text::split(line.substr(0, line.find('\r')), ' ');
    if (words.empty() || words.front() != "AUTH")
      return step(server_.next(decoded(line.substr(0, line.find('\r')))));
    if (words.size() < 3) return step(server_.start(words.at(1), std::nullopt));
    const auto response = decoded(words[2]);
    return step(server_.start(words[1], response));
  }

 private:
  static std::string decoded(std::string_view text) { return base64::decode(text).value_or("not base64"); }
  static std::string step(const Result<auth::SaslServer::Step>& step) {
    return step ? base64::encode(step->challenge) : "refused: " + step.error().reply.text;
  }
  OneUser user_;
  auth::SaslServer server_;
};

/// Exchanges the first letter of SCRAM's server signature.
std::string forged(const std::string& challenge) {
  auto bytes = base64::decode(challenge).value_or("");
  if (bytes.starts_with("v=")) bytes[2] = bytes[2] == 'a' ? 'b' : 'a';
  return base64::encode(bytes);
}

class Stage {
 public:
  explicit Stage(const Transcript& transcript)
      : transcript_(transcript),
        dialog_({"mx.home.test", std::string(kServer), !transcript.has("implicit_tls")}),
        live_(transcript),
        action_(wrap(dialog_.start())) {}

  std::vector<std::string> run() {
    for (const auto& line : transcript_.lines) {
      if (!problems_.empty()) break;  // what follows would only be noise
      if (!over_) {
        take(line);
      } else {
        note(line, "the dialogue was over before this line");
      }
    }
    if (problems_.empty() && !over_) note(transcript_.lines.back(), "the dialogue goes on: " + now());
    return std::move(problems_);
  }

 private:
  using Action =
      std::variant<std::string, smtp::ReadReply, smtp::BeginTls, smtp::Ready, upstream::LoggedIn, Error>;

  static Action wrap(smtp::ClientAction action) {
    if (auto* send = std::get_if<smtp::SendCommand>(&action)) return std::move(send->line);
    if (auto* give_up = std::get_if<smtp::GiveUp>(&action)) return std::move(give_up->error);
    if (std::holds_alternative<smtp::BeginTls>(action)) return smtp::BeginTls{};
    if (std::holds_alternative<smtp::Ready>(action)) return smtp::Ready{};
    return smtp::ReadReply{};
  }
  static Action wrap(upstream::LoginAction action) {
    if (auto* send = std::get_if<upstream::SendSecret>(&action)) return std::string(send->line.reveal());
    if (auto* failed = std::get_if<upstream::LoginFailed>(&action)) return std::move(failed->error);
    return std::get<upstream::LoggedIn>(action);
  }

  void take(const ScriptLine& line) {
    if (line.tag == "S") return server_says(line);
    hear();
    if (line.tag == "C") {
      check(line, std::holds_alternative<std::string>(action_) ? std::get<std::string>(action_) : now(),
            line.raw ? "" : "\r\n");
      said_ = std::holds_alternative<std::string>(action_) ? std::get<std::string>(action_) : "";
      action_ = smtp::ReadReply{};
    } else if (line.tag == "tls") {
      if (!std::holds_alternative<smtp::BeginTls>(action_)) return note(line, "no handshake, but: " + now());
      parser_.clear();
      action_ = wrap(dialog_.on_tls_up());
    } else if (line.tag == "ready") {
      if (!std::holds_alternative<smtp::Ready>(action_)) return note(line, "not ready, but: " + now());
      check(line, words_of(dialog_.capabilities()), "");
      over_ = !transcript_.has("password");
      if (!over_) log_in();
    } else if (line.tag == "logged-in" || line.tag == "gives-up") {
      check(line, now(), "");
      over_ = true;
    } else {
      note(line, "has no place in an upstream's transcript");
    }
  }

  void server_says(const ScriptLine& line) {
    if (!std::holds_alternative<smtp::ReadReply>(action_)) {
      hear();
      if (!std::holds_alternative<smtp::ReadReply>(action_))
        return note(line, "we do not listen, but: " + now());
    }
    auto said = line.text;
    for (const std::string_view mark : {"{sasl}", "{sasl forged}"}) {
      const auto at = said.find(mark);
      if (at == std::string::npos) continue;
      const auto challenge = live_.challenge_for(said_);
      said.replace(at, mark.size(), mark == "{sasl}" ? challenge : forged(challenge));
    }
    parser_.feed(line.raw ? said : said + "\r\n");
  }

  /// Hands the server's replies on until it is our turn.
  void hear() {
    while (std::holds_alternative<smtp::ReadReply>(action_)) {
      auto reply = parser_.next();
      if (!reply) {
        action_ = std::move(reply.error());
      } else if (!*reply) {
        return;
      } else {
        action_ =
            login_ ? wrap(login_->on_reply(**reply)) : wrap(dialog_.on_reply(**reply, parser_.buffered()));
      }
    }
  }

  /// As upstream::Connection does it.
  void log_in() {
    const auto wanted_text = transcript_.setting("mechanisms", "");
    std::vector<std::string> wanted;
    for (const auto word : text::split(wanted_text, ' ')) wanted.emplace_back(word);
    const auto available = library().client_mechanisms();
    auto mechanisms = auth::choose_mechanisms({.offered = dialog_.capabilities().auth_mechanisms,
                                               .available = available,
                                               .wanted = wanted,
                                               .channel_binding = false});
    if (!mechanisms) {
      action_ = std::move(mechanisms.error());
      return;
    }
    auth::SaslIdentity identity{std::string(kServer), transcript_.setting("login", "ann"),
                                transcript_.setting("authorization", ""),
                                Secret(transcript_.setting("password", "")), std::nullopt};
    login_.emplace(std::move(identity), std::move(*mechanisms));
    action_ = wrap(login_->start());
  }

  /// What we do now, in the words of a transcript.
  std::string now() const {
    if (const auto* line = std::get_if<std::string>(&action_)) return "C: " + shown(*line);
    if (const auto* error = std::get_if<Error>(&action_)) return words_of(*error);
    if (const auto* in = std::get_if<upstream::LoggedIn>(&action_)) return in->mechanism;
    if (std::holds_alternative<smtp::BeginTls>(action_)) return "tls";
    return std::holds_alternative<smtp::Ready>(action_) ? "ready" : "waiting for a reply";
  }

  void check(const ScriptLine& line, std::string_view said, std::string_view line_end) {
    if (said.ends_with(line_end)) said.remove_suffix(line_end.size());
    if (!agrees(line, said)) note(line, fmt::format("we: {}\n    not: {}", shown(said), shown(line.text)));
  }
  void note(const ScriptLine& line, const std::string& what) {
    problems_.push_back(fmt::format("{}: {}", line.number, what));
  }

  const Transcript& transcript_;
  smtp::ClientDialog dialog_;
  smtp::ReplyParser parser_;
  LiveServer live_;
  std::optional<upstream::LoginDialog> login_;
  Action action_;
  std::string said_;  // our last line
  bool over_ = false;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> play_upstream(const Transcript& transcript) {
  return Stage(transcript).run();
}

}  // namespace homeward::test
