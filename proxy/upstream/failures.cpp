#include "proxy/upstream/failures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace homeward::upstream {
namespace {

/// What a client may read has to fit a few reply lines; a cause that has begun is told whole.
constexpr std::size_t kMaxCause = 800;

/// One cause and the ports that had it.
struct Cause {
  std::string host;
  std::string text;
  std::string ports;
  bool wants_port = true;  ///< the text does not say which port it is about
  bool has_several = false;
};

/// Host and port are told already, also where it was a proxy that failed.
std::string short_text(const PortFailure& failure) {
  auto text = failure.error.reply.text;
  const auto target = fmt::format("{} port {}", failure.endpoint.host, failure.endpoint.port);
  const auto prefix = fmt::format("connecting to {}: ", target);
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  const auto in_brackets = fmt::format(" (for {})", target);
  if (const auto found = text.find(in_brackets); found != std::string::npos)
    text.erase(found, in_brackets.size());
  return text;
}

bool tells_its_port(const PortFailure& failure, std::string_view text) {
  return failure.error.fault == Fault::dns ||
         text.find(fmt::format("port {} ", failure.endpoint.port)) != text.npos;
}

void add_to(std::vector<Cause>& causes, const PortFailure& failure) {
  const auto text = short_text(failure);
  const auto same = std::ranges::find_if(
      causes, [&](const Cause& cause) { return cause.host == failure.endpoint.host && cause.text == text; });
  if (same == causes.end()) {
    const bool is_told = tells_its_port(failure, text);
    causes.push_back({failure.endpoint.host, text, std::to_string(failure.endpoint.port), !is_told});
  } else {
    same->ports += fmt::format(", {}", failure.endpoint.port);
    same->has_several = true;
  }
}

std::vector<Cause> causes_of(const std::vector<PortFailure>& failures) {
  std::vector<Cause> causes;
  for (const bool tls : {true, false}) {
    for (const auto& failure : failures) {
      if ((failure.error.fault == Fault::tls) == tls) add_to(causes, failure);
    }
  }
  return causes;
}

/// Where a server has one port, or all of its ports share one cause, the port says nothing.
std::string told(const Cause& cause, const std::vector<Cause>& all) {
  const auto of_host = std::ranges::count(all, cause.host, &Cause::host);
  if (!cause.wants_port || of_host == 1) return cause.text;
  return fmt::format("{} {}: {}", cause.has_several ? "ports" : "port", cause.ports, cause.text);
}

EnhancedCode enhanced_of(const std::vector<PortFailure>& failures) {
  const auto is = [](Fault fault) {
    return [fault](const PortFailure& f) { return f.error.fault == fault; };
  };
  const auto tls = std::ranges::find_if(failures, is(Fault::tls));
  if (tls != failures.end()) return tls->error.reply.enhanced;
  if (std::ranges::all_of(failures, is(Fault::dns)) || std::ranges::all_of(failures, is(Fault::local))) {
    return failures.front().error.reply.enhanced;
  }
  return {4, 4, 1};
}

}  // namespace

Error gathered(const std::string& account, const std::vector<PortFailure>& failures) {
  const auto causes = causes_of(failures);
  std::string text;
  std::string_view host;
  for (const auto& cause : causes) {
    if (text.size() >= kMaxCause) break;
    if (text.empty()) {
      text = fmt::format("{} ({}): ", account, cause.host);
    } else {
      text += cause.host == host ? "; " : fmt::format("; {}: ", cause.host);
    }
    text += told(cause, causes);
    host = cause.host;
  }
  const auto tls =
      std::ranges::find(failures, Fault::tls, [](const PortFailure& f) { return f.error.fault; });
  const auto fault = tls == failures.end() ? failures.front().error.fault : Fault::tls;
  return make_error(fault, 451, enhanced_of(failures), std::move(text));
}

}  // namespace homeward::upstream
