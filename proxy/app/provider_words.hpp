// How a row of the provider table looks to a person. Shared by `homeward providers` and `homeward check`.
// Pure.
#pragma once

#include <string>

#include "proxy/mail/provider.hpp"

namespace homeward::app {

/// "3 connections, 30/m messages, 10000 recipients a day"; "" where none is known.
std::string limits_text(const mail::Provider& row);

/// What a person has to know who logs in by a password; "" where an ordinary one does.
std::string password_warning(const mail::Provider& row);

/// All of a row, a line for each fact.
std::string describe_provider(const mail::Provider& row);
/// The same as one JSON object.
std::string provider_json(const mail::Provider& row);

}  // namespace homeward::app
