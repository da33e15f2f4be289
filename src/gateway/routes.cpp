#include "gateway/routes.hpp"

#include "gateway/cache_pages.hpp"
#include "gateway/console_files.hpp"
#include "gateway/instance_pages.hpp"
#include "gateway/media_stream.hpp"
#include "gateway/metrics_page.hpp"
#include "gateway/openapi.hpp"
#include "gateway/path_pattern.hpp"
#include "gateway/recording_pages.hpp"
#include "gateway/status_pages.hpp"
#include "gateway/test_synthesis.hpp"
#include "gateway/voice_pages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

using ExchangePointer = std::shared_ptr<net::Exchange>;
using Part = const std::string&;

namespace {

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> all;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        all.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

bool takes(std::string_view methods, std::string_view method) {
    for (std::size_t at = methods.find(method); at != std::string_view::npos; at = methods.find(method, at + 1)) {
        const std::size_t end = at + method.size();
        if ((at == 0 || methods[at - 1] == ' ') && (end == methods.size() || methods[end] == ' ')) return true;
    }
    return false;
}

}  // namespace

struct Routes::Route {
    std::string_view methods;  // "GET POST"; HEAD is answered wherever GET is
    std::string_view path;     // behind the prefix when it has one; what stands at {…} is handed to `answer`
    Access access;
    void (*answer)(Routes&, const ExchangePointer&, Part part);
    bool prefixed = true;
};

const Routes::Route Routes::table[] = {
    {"POST GET", "/call/incoming", Access::twilio,
     [](Routes& to, const ExchangePointer& e, Part) { to.webhook_.call_incoming(e, to.origin_of(*e)); }},
    // The CallSid stands there where several servers serve one number: a balancer leads by it.
    {"POST GET", "/call/ended[/{sid}]", Access::twilio,
     [](Routes& to, const ExchangePointer& e, Part) { to.webhook_.call_ended(e, to.origin_of(*e)); }},
    {"GET", "/call/connection[/{sid}]", Access::twilio,
     [](Routes& to, const ExchangePointer& e, Part) { to.open_stream(e); }},
    {"GET", "/test", Access::everybody,
     [](Routes& to, const ExchangePointer& e, Part) { e->answer(health(to.loop_.switchboard, to.knows(*e))); }},
    {"GET", "/connections", Access::api, [](Routes& to, const ExchangePointer& e, Part) { connections(to.loop_, e); }},
    {"POST", "/test-synthesis", Access::api,
     [](Routes& to, const ExchangePointer& e, Part) { test_synthesis(to.loop_, e); }},
    {"GET", "/openapi.json", Access::everybody,
     [](Routes&, const ExchangePointer& e, Part) { e->answer(http::json(std::string(openapi_document()))); }},
    {"POST", "/call/status", Access::twilio,
     [](Routes& to, const ExchangePointer& e, Part) {
         e->answer(to.callbacks_.call_status(e->request(), to.origin_of(*e)));
     }},
    {"POST", "/stream/status", Access::twilio,
     [](Routes& to, const ExchangePointer& e, Part) {
         e->answer(to.callbacks_.stream_status(e->request(), to.origin_of(*e)));
     }},
    {"GET", "/voices", Access::api, [](Routes& to, const ExchangePointer& e, Part) { list_voices(to.loop_, e); }},
    {"GET", "/voices/{id}", Access::api,
     [](Routes& to, const ExchangePointer& e, Part id) { show_voice(to.loop_, e, id); }},
    {"POST", "/calls", Access::api, [](Routes& to, const ExchangePointer& e, Part) { to.call_api_.place(e); }},
    {"GET", "/calls", Access::api, [](Routes& to, const ExchangePointer& e, Part) { to.call_api_.list(e); }},
    {"GET", "/calls/{sid}", Access::api,
     [](Routes& to, const ExchangePointer& e, Part sid) { to.call_api_.on_call(CallAction::show, e, sid); }},
    {"POST", "/calls/{sid}/say", Access::api,
     [](Routes& to, const ExchangePointer& e, Part sid) { to.call_api_.on_call(CallAction::say, e, sid); }},
    {"POST", "/calls/{sid}/clear", Access::api,
     [](Routes& to, const ExchangePointer& e, Part sid) { to.call_api_.on_call(CallAction::clear, e, sid); }},
    {"POST", "/calls/{sid}/mark", Access::api,
     [](Routes& to, const ExchangePointer& e, Part sid) { to.call_api_.on_call(CallAction::mark, e, sid); }},
    {"POST", "/calls/{sid}/hangup", Access::api,
     [](Routes& to, const ExchangePointer& e, Part sid) { to.call_api_.on_call(CallAction::hang_up, e, sid); }},
    {"GET", "/instances", Access::api, [](Routes& to, const ExchangePointer& e, Part) { list_instances(to.loop_, e); }},
    {"GET", "/cache", Access::api,
     [](Routes& to, const ExchangePointer& e, Part) { e->answer(cache_figures(to.loop_.switchboard)); }},
    {"DELETE", "/cache", Access::api,
     [](Routes& to, const ExchangePointer& e, Part) { e->answer(purge_cache(to.loop_.switchboard)); }},
    {"GET", "/live", Access::api,
     [](Routes& to, const ExchangePointer& e, Part) { to.loop_.switchboard.live->listen(to.loop_, e); }},
    {"POST", "/softphone/calls", Access::api,
     [](Routes& to, const ExchangePointer& e, Part) { to.softphone_.call(e); }},
    {"GET", "/softphone/connection", Access::our_page,
     [](Routes& to, const ExchangePointer& e, Part) { to.softphone_.connect(e, to.origin_of(*e)); }},
    {"GET", "/", Access::everybody,
     [](Routes&, const ExchangePointer& e, Part) { e->answer(console_page(e->request())); }, false},
    {"GET", "/console/{file}", Access::everybody,
     [](Routes&, const ExchangePointer& e, Part file) { e->answer(console_file(e->request(), file)); }, false},
    {"GET", "/recordings", Access::api,
     [](Routes& to, const ExchangePointer& e, Part) { list_recordings(to.loop_, e); }},
    {"GET", "/recordings/{name}", Access::api,
     [](Routes& to, const ExchangePointer& e, Part name) { fetch_recording(to.loop_, e, name); }},
    {"DELETE", "/recordings/{name}", Access::api,
     [](Routes& to, const ExchangePointer& e, Part name) { remove_recording(to.loop_, e, name); }},
    {"GET", "/metrics", Access::api, [](Routes& to, const ExchangePointer& e, Part) { metrics(to.loop_, e); }, false},
    {"GET", "/ready", Access::everybody,
     [](Routes& to, const ExchangePointer& e, Part) { e->answer(readiness(to.loop_.switchboard)); }, false},
};

// What stands at the braces of the route's path, or nothing when the path is another one.
std::optional<std::string_view> Routes::part_of(const Route& route, std::string_view path) {
    if (!route.prefixed) return match_path(route.path, path);
    if (!path.starts_with(api_prefix)) return std::nullopt;
    return match_path(route.path, path.substr(api_prefix.size()));
}

void Routes::handle(const ExchangePointer& exchange) {
    const http::Request& request = exchange->request();
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    std::string allowed;
    for (const Route& route : table) {
        const auto part = part_of(route, request.path());
        if (!part) continue;
        if (takes(route.methods, method)) return answer(route, exchange, std::string(*part));
        allowed.append(allowed.empty() ? "" : " ").append(route.methods);
    }
    if (auto too_many = loop_.too_many_refusals(origin_of(*exchange))) return exchange->answer(*too_many);
    if (allowed.empty()) return exchange->answer(http::error(404, "There is nothing at this address."));
    http::Response refusal = http::error(405, fmt::format("This address takes {}.", allowed));
    refusal.headers.emplace_back("Allow", fmt::format("{}", fmt::join(words(allowed), ", ")));
    exchange->answer(refusal);
}

void Routes::answer(const Route& route, const ExchangePointer& exchange, const std::string& part) {
    if (!admits(route, exchange)) return;
    try {
        route.answer(*this, exchange, part);
    } catch (const std::exception& failure) {
        spdlog::error("request failed path={} reason={:?}", route.path, failure.what());
        loop_.switchboard.metrics.exception_caught();
        exchange->answer(http::error(500, "The server failed to answer this request."));
    }
}

bool Routes::admits(const Route& route, const ExchangePointer& exchange) {
    // Signed requests show themselves by their signature; each handler checks it.
    if (route.access == Access::twilio && trust_.checks()) return true;
    const RequestOrigin origin = origin_of(*exchange);
    if (route.access == Access::api) {
        if (const auto denial = loop_.switchboard.api.denial(exchange->request(), origin.address)) {
            deny(route, exchange, origin, *denial);
            return false;
        }
    }
    if (route.access == Access::our_page && !is_of_our_page(exchange->request(), origin)) {
        deny(route, exchange, origin, Denial::not_our_page);
        return false;
    }
    if (auto too_many = loop_.too_many_requests(origin)) {
        exchange->answer(*too_many);
        return false;
    }
    return true;
}

void Routes::deny(const Route& route, const ExchangePointer& exchange, const RequestOrigin& origin, Denial denial) {
    loop_.switchboard.metrics.request_refused(name_of(denial));
    if (auto too_many = loop_.too_many_refusals(origin)) return exchange->answer(*too_many);
    spdlog::warn("request refused path={} peer={} reason={}", route.path, origin.client(), name_of(denial));
    exchange->answer(refusal_of(denial));
}

// Whether this client may hear more than a stranger: it may use the API, or signs with Twilio's token (the doctor
// does).
bool Routes::knows(const net::Exchange& exchange) const {
    const http::Request& request = exchange.request();
    const bool signs = trust_.checks() && !request.header("X-Twilio-Signature").empty();
    const RequestOrigin origin = origin_of(exchange);
    if (signs && trust_.webhook(request, {}, origin)) return true;
    return !loop_.switchboard.api.denial(request, origin.address);
}

RequestOrigin Routes::origin_of(const net::Exchange& exchange) const {
    return loop_.switchboard.origins.of(exchange.request(), exchange.peer());
}

std::vector<std::pair<std::string, std::string>> Routes::operations() {
    std::vector<std::pair<std::string, std::string>> all;
    for (const Route& route : table) {
        for (const std::string& method : words(route.methods)) {
            all.emplace_back(method, fmt::format("{}{}", route.prefixed ? api_prefix : "",
                                                 route.path.substr(0, route.path.find('['))));
        }
    }
    return all;
}

void Routes::open_stream(const ExchangePointer& exchange) {
    const RequestOrigin origin = origin_of(*exchange);
    if (!trust_.upgrade(exchange->request(), origin)) {
        loop_.switchboard.metrics.request_refused("signature");
        if (auto too_many = loop_.too_many_refusals(origin)) return exchange->answer(*too_many);
        return exchange->answer(http::error(403, "The X-Twilio-Signature header is missing or wrong."));
    }
    if (auto upgraded = exchange->upgrade())
        MediaStream::open(loop_, std::move(*upgraded), origin.client(), CallerKind::twilio);
}

}  // namespace gateway
