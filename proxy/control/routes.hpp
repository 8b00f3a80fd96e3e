// The routes of the control interface: from a request to what the house says. Called by Interface for each
// request; knows nothing of sockets. Changes are logged with who asked for them. product.md 8
#pragma once

#include <memory>

#include "proxy/control/api.hpp"
#include "proxy/net/http.hpp"

namespace homeward::control {

/// Never fails: an error is an answer, {"error": …, "cure": …}, with 400 (what was asked makes no sense), 404
/// (no such message, account or page), 405, 409 (its state does not allow it now), 503 (storage), 507 (room).
net::asio::awaitable<net::HttpResponse> answer(std::shared_ptr<const Services> services,
                                               net::HttpRequest request);

}  // namespace homeward::control
