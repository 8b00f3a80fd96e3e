// Config: the whole configuration as plain values. A reload hands a new one to new sessions; nobody
// changes one. Every field is one row of the table in schema.cpp (product.md 4).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proxy/base/log.hpp"
#include "proxy/base/network.hpp"
#include "proxy/base/proxy_server.hpp"
#include "proxy/base/secret.hpp"
#include "proxy/mail/account.hpp"
#include "proxy/mail/advice.hpp"
#include "proxy/mail/provider.hpp"
#include "proxy/smtp/quirks.hpp"

namespace homeward::conf {

/// ADDRESS:PORT to listen on.
struct SocketAddress {
  IpAddress address;
  std::uint16_t port = 25;
  std::string to_string() const;  ///< "127.0.0.1:25", "[::1]:25"
  bool operator==(const SocketAddress&) const = default;
};

/// `systemd:NAME`: a socket passed in under that FileDescriptorName.
struct PassedSocket {
  std::string name;
  bool operator==(const PassedSocket&) const = default;
};

using ListenAddress = std::variant<SocketAddress, PassedSocket>;

struct Listener {
  std::string name;
  std::vector<ListenAddress> addresses;
  std::vector<Network> allow;
  smtp::QuirkSet tolerate = smtp::QuirkSet::all();
  std::chrono::milliseconds patience{std::chrono::seconds{20}};
  bool operator==(const Listener&) const = default;
};

using Server = mail::Server;  ///< one entry of `server`
using Rate = mail::Rate;

/// The SHA-256 of a public key (SubjectPublicKeyInfo).
using TlsPin = std::array<std::uint8_t, 32>;

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };
enum class DeliveryMode : std::uint8_t { automatic, direct, spool };

/// Where an account's password comes from; at most one of them.
struct PasswordInline {
  std::shared_ptr<const Secret> secret;
};  ///< shared by the configs that hold it
struct PasswordFile {
  std::filesystem::path path;
};
struct PasswordCommand {
  std::string command;
};  ///< given to /bin/sh -c; first line of its output
struct PasswordCredential {
  std::string name;
};  ///< in $CREDENTIALS_DIRECTORY, systemd.exec(5)
using PasswordSource =
    std::variant<std::monostate, PasswordInline, PasswordFile, PasswordCommand, PasswordCredential>;

struct AccountConfig {
  mail::Account rules;          ///< whose mail it takes and as whom it sends
  std::vector<Server> servers;  ///< never empty once loaded: the provider's where none is given
  std::string provider;         ///< name of its row in Config::providers; empty: none holds
  TlsVersion tls_min = TlsVersion::tls_1_2;
  std::optional<std::filesystem::path> tls_ca;           ///< in place of the system's store
  std::vector<TlsPin> tls_pins;                          ///< any of them, in place of a chain
  std::optional<std::filesystem::path> tls_certificate;  ///< ours, to show the server
  std::optional<std::filesystem::path> tls_key;          ///< unless given, in the certificate's file
  std::shared_ptr<const ProxyServer> proxy;  ///< null: straight; shared by the configs and dials that use it
  std::string login;                         ///< in the provider's form unless given, else = address
  std::string authorization;
  std::vector<std::string> mechanisms;  ///< upper case; empty: auto; {"NONE"}: no login
  PasswordSource password;
  DeliveryMode delivery = DeliveryMode::automatic;
  unsigned pool_size = 4;
  std::chrono::milliseconds pool_idle{std::chrono::seconds{30}};  ///< 0: none is kept
  std::optional<std::uint64_t> max_message_size;                  ///< octets
  std::chrono::milliseconds connect_timeout{std::chrono::seconds{10}};
  std::chrono::milliseconds reply_timeout{std::chrono::minutes{5}};
  std::optional<Rate> rate;
  std::optional<unsigned> recipients_per_message;
  std::chrono::milliseconds retry{std::chrono::minutes{1}};       ///< first wait of the spool
  std::chrono::milliseconds retry_max{std::chrono::minutes{30}};  ///< longest
  std::chrono::milliseconds expire{std::chrono::hours{24 * 5}};   ///< returned after
  std::optional<smtp::Mailbox> bounce_to;                         ///< the address unless given

  const smtp::Mailbox& report_to() const { return bounce_to ? *bounce_to : rules.address; }
  const std::string& name() const { return rules.name; }
  bool wants_login() const { return mechanisms.size() != 1 || mechanisms.front() != "NONE"; }
};

struct Config {
  std::string hostname;
  std::filesystem::path state_directory;        ///< resolved: never empty
  std::filesystem::path runtime_directory;      ///< resolved: never empty
  std::filesystem::path spool_file;             ///< `sqlite:PATH`; empty: in the state directory
  std::vector<smtp::Mailbox> local_recipients;  ///< where unqualified recipients go
  std::string alert_command;                    ///< given to /bin/sh -c; empty: none
  std::chrono::milliseconds keep_trace{std::chrono::hours{24 * 7}};
  std::shared_ptr<const mail::AdviceTable> advice;  ///< the error catalogue; never null once loaded
  /// The provider table, with the rows that the file adds or changes; never null once loaded. Shared by the
  /// configurations that have none of their own.
  std::shared_ptr<const mail::ProviderTable> providers;
  std::uint64_t max_message_size = 50ULL << 20U;  ///< octets
  unsigned max_recipients = 1000;
  unsigned max_connections = 1000;
  unsigned max_connections_per_client = 100;
  std::chrono::milliseconds command_timeout{std::chrono::minutes{5}};
  std::chrono::milliseconds data_timeout{std::chrono::minutes{10}};
  std::chrono::milliseconds shutdown_timeout{std::chrono::seconds{30}};
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::automatic;
  std::optional<std::string> default_account;  ///< resolved: a name, or none
  std::vector<Listener> listeners;             ///< never empty: the default one where none is given
  bool default_listener = false;               ///< none was given
  std::vector<AccountConfig> accounts;         ///< in file order

  /// Whether an account has `local_users`: else nobody looks up whose a client's socket is.
  bool asks_for_local_users() const;
};

}  // namespace homeward::conf
