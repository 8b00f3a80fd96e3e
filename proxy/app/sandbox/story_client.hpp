// The old mail program of the story: it speaks plain SMTP to a port on loopback, knows no login and no TLS,
// and writes down what was said. Blocking.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/app/sandbox/dialogue.hpp"
#include "proxy/base/network.hpp"
#include "proxy/base/result.hpp"

namespace homeward::app::sandbox {

struct StoryMessage {
  std::string sender;     ///< the address in MAIL
  std::string recipient;  ///< the address in RCPT
  std::string content;    ///< lines that end in CR LF
};

/// Where the client stands, and where it goes.
struct Visit {
  IpAddress source;
  std::uint16_t port = 0;  ///< of 127.0.0.1
  int stop = -1;           ///< a descriptor that is readable once everything is to stop
};

/// One session; a refusal is no error. Errors: network, timeout, protocol; canceled by `stop`.
Result<Dialogue> hold_dialogue(const Visit& visit, const StoryMessage& message);

/// True where somebody listens on this port of 127.0.0.1.
bool is_answered(std::uint16_t port);

/// A port of 127.0.0.1 that nobody listens on, below those that the kernel gives to connections.
Result<std::uint16_t> find_free_port();

}  // namespace homeward::app::sandbox
