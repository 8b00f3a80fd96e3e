#include "proxy/app/sandbox/home.hpp"

#include <fmt/format.h>

#include <utility>

#include "proxy/app/sandbox/system_fault.hpp"

namespace homeward::app::sandbox {

Result<Home> Home::make(std::string login, std::string_view address, Secret password) {
  auto mailbox = smtp::Mailbox::parse(address);
  if (!mailbox) return std::unexpected(fault(fmt::format("The address {} {}", address, mailbox.error())));
  if (login.empty()) return std::unexpected(fault("The login must not be empty"));
  return Home(std::move(login), std::move(*mailbox), std::move(password), *Network::parse(kOwnNetwork));
}

std::optional<Secret> Home::password_of(std::string_view user) const {
  if (user != login_) return std::nullopt;
  return password_.clone();
}

}  // namespace homeward::app::sandbox
