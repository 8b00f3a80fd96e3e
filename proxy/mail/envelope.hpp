// Envelope: reverse-path, forward-paths and their parameters, apart from the content, and who sent it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/base/network.hpp"
#include "proxy/mail/local_user.hpp"
#include "proxy/smtp/parameters.hpp"
#include "proxy/smtp/path.hpp"

namespace homeward::mail {

/// Who sent a message, as far as routing and trace ask.
struct Origin {
  IpAddress client;
  std::string client_name;  ///< HELO or EHLO
  std::string listener;
  bool esmtp = false;
  std::optional<std::string> user;      ///< the login at the listener
  std::optional<LocalUser> local_user;  ///< whose the client's socket is, where an account asks for it
  std::string local_user_trouble;       ///< why that is not known, where it was asked; not kept by the spool
};

struct Envelope {
  std::string id;  ///< trace id, fixed at MAIL
  Origin origin;
  smtp::ReversePath from;
  smtp::MailParameters parameters;
  std::vector<smtp::Recipient> to;  ///< accepted recipients
};

}  // namespace homeward::mail
