// Envelope: reverse-path, forward-paths and their parameters, apart from the content, and who sent it.
#pragma once

#include <string>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::mail {

/// Who sent a message, as far as routing and trace ask.
struct Origin {
  IpAddress client;
  std::string client_name;  ///< HELO or EHLO
  std::string listener;
  bool esmtp = false;
};

struct Envelope {
  std::string id;  ///< trace id, fixed at MAIL
  Origin origin;
  smtp::ReversePath from;
  smtp::MailParameters parameters;
  std::vector<smtp::Recipient> to;  ///< accepted recipients
};

}  // namespace homeward::mail
