#include "proxy/control/api.hpp"

#include <utility>

#include "proxy/control/routes.hpp"

namespace homeward::control {

Interface::Interface(Services services, net::Supervisor& supervisor)
    : services_(std::make_shared<const Services>(std::move(services))),
      server_(supervisor, [services = services_](net::HttpRequest request) {
        return answer(services, std::move(request));
      }) {}

Interface::~Interface() = default;

Result<void> Interface::open(const std::filesystem::path& runtime_directory) {
  return server_.open(runtime_directory / kSocketName);
}

void Interface::close() {
  server_.close();
}

}  // namespace homeward::control
