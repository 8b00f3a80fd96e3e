// `homeward sendmail`, also where the program is called as sendmail, mailq or newaliases: hands a message
// over to the daemon as a program of that name does. product.md 8. Called by main.cpp.
#pragma once

#include <string>
#include <vector>

namespace homeward::app {

/// True where the program's own name says that it is wanted as sendmail.
bool is_sendmail_name(const std::string& name);

/// `name` is what it was called as. Exit codes of sysexits: see sendmail_help().
int run_sendmail(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace homeward::app
