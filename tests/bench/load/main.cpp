// bench_load: the load of scripts/bench. Prints one line of JSON.
//   bench_load send PORT CLIENTS MESSAGES OCTETS [OPTIONS]   each client sends its messages (sending.hpp)
//   bench_load sync DIRECTORY FILES OCTETS                   a new file, written and synced; then its folder,
//   too
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <map>
#include <string>

#include "tests/bench/load/sending.hpp"

namespace {

void add_send(CLI::App& app, bench::Sending& what) {
  auto* send = app.add_subcommand("send", "messages from many clients");
  send->add_option("port", what.door.port)->required();
  send->add_option("clients", what.clients)->required()->check(CLI::PositiveNumber);
  send->add_option("messages", what.messages, "of each")->required()->check(CLI::PositiveNumber);
  send->add_option("octets", what.octets, "of each message")->required();
  const std::map<std::string, bench::Security> securities{{"starttls", bench::Security::starttls},
                                                          {"implicit", bench::Security::implicit}};
  send->add_option("--tls", what.door.security)->transform(CLI::CheckedTransformer(securities));
  send->add_option("--ca", what.door.ca, "certificates to trust, PEM");
  send->add_option("--user", what.door.user, "logs in by PLAIN");
  send->add_option("--password", what.door.password);
  send->add_flag("--pipelining", what.door.pipelining, "MAIL, RCPT and DATA in one flight");
  send->add_option("--run", what.run, "begins the ids of the messages");
  send->add_flag("--each", what.each, "a new connection for each message");
  send->add_flag("--from-connect", what.from_connect, "the clock begins with the connecting");
  send->add_flag("--may-refuse", what.may_refuse, "tells of refusals, rather than failing");
  send->callback([&what] {
    what.from_connect = what.from_connect || what.each;
    bench::send_all(what);
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  CLI::App app("The load of scripts/bench");
  app.require_subcommand(1);
  bench::Sending what;
  add_send(app, what);
  std::string directory;
  std::size_t files = 0, octets = 0;
  auto* sync = app.add_subcommand("sync", "files, written and synced");
  sync->add_option("directory", directory)->required();
  sync->add_option("files", files)->required();
  sync->add_option("octets", octets)->required();
  sync->callback([&] { bench::sync_files(directory, files, octets); });
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_load: {}\n", error.what());
    return 1;
  }
}
