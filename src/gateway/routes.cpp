#include "gateway/routes.hpp"

#include "gateway/media_stream.hpp"
#include "gateway/metrics_page.hpp"
#include "gateway/status_pages.hpp"
#include "gateway/test_synthesis.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>

namespace gateway {

using ExchangePointer = std::shared_ptr<net::Exchange>;

struct Routes::Route {
    std::string_view methods;  // "GET POST"; HEAD is answered wherever GET is
    std::string_view path;     // behind the prefix when it has one
    Access access;
    void (*answer)(Routes&, const ExchangePointer&);
    bool prefixed = true;
};

const Routes::Route Routes::table[] = {
    {"POST GET", "/call/incoming", Access::twilio,
     [](Routes& to, const ExchangePointer& e) { e->answer(to.webhook_.call_incoming(e->request(), e->peer())); }},
    {"POST GET", "/call/ended", Access::twilio,
     [](Routes& to, const ExchangePointer& e) { e->answer(to.webhook_.call_ended(e->request(), e->peer())); }},
    {"GET", "/call/connection", Access::twilio, [](Routes& to, const ExchangePointer& e) { to.open_stream(e); }},
    {"GET", "/test", Access::everybody,
     [](Routes& to, const ExchangePointer& e) { e->answer(health(to.loop_.switchboard, to.knows(*e))); }},
    {"GET", "/connections", Access::api,
     [](Routes& to, const ExchangePointer& e) { e->answer(connections(to.loop_.switchboard)); }},
    {"POST", "/test-synthesis", Access::api, [](Routes& to, const ExchangePointer& e) { test_synthesis(to.loop_, e); }},
    {"GET", "/metrics", Access::api, [](Routes& to, const ExchangePointer& e) { metrics(to.loop_, e); }, false},
    {"GET", "/ready", Access::everybody,
     [](Routes& to, const ExchangePointer& e) { e->answer(readiness(to.loop_.switchboard)); }, false},
};

void Routes::handle(const ExchangePointer& exchange) {
    const http::Request& request = exchange->request();
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    const auto matches = [path = request.path()](const Route& route) {
        if (!route.prefixed) return path == route.path;
        return path.starts_with(api_prefix) && path.substr(api_prefix.size()) == route.path;
    };
    const auto* route = std::ranges::find_if(table, matches);
    if (route == std::end(table)) return exchange->answer(http::error(404, "There is nothing at this address."));
    if (!fmt::format(" {} ", route->methods).contains(fmt::format(" {} ", method))) {
        http::Response refusal = http::error(405, fmt::format("This address takes {}.", route->methods));
        refusal.headers.emplace_back("Allow", route->methods == "POST GET" ? "POST, GET" : std::string(route->methods));
        return exchange->answer(refusal);
    }
    if (!admits(*route, exchange)) return;
    try {
        route->answer(*this, exchange);
    } catch (const std::exception& failure) {
        spdlog::error("request failed path={} reason={:?}", route->path, failure.what());
        loop_.switchboard.metrics.exception_caught();
        exchange->answer(http::error(500, "The server failed to answer this request."));
    }
}

bool Routes::admits(const Route& route, const ExchangePointer& exchange) {
    if (route.access != Access::api) return true;
    const auto denial =
        loop_.switchboard.api.denial(exchange->request(), net::IpAddress::of_endpoint(exchange->peer()));
    if (!denial) return true;
    spdlog::warn("request refused path={} peer={} reason={}", route.path, exchange->peer(), name_of(*denial));
    loop_.switchboard.metrics.request_refused(name_of(*denial));
    exchange->answer(refusal_of(*denial));
    return false;
}

// Whether this client may hear more than a stranger: it may use the API, or signs with Twilio's token (the doctor
// does).
bool Routes::knows(const net::Exchange& exchange) const {
    const http::Request& request = exchange.request();
    const bool signs = trust_.checks() && !request.header("X-Twilio-Signature").empty();
    if (signs && trust_.webhook(request, {}, exchange.peer())) return true;
    return !loop_.switchboard.api.denial(request, net::IpAddress::of_endpoint(exchange.peer()));
}

void Routes::open_stream(const ExchangePointer& exchange) {
    if (!trust_.upgrade(exchange->request(), exchange->peer())) {
        loop_.switchboard.metrics.request_refused("signature");
        return exchange->answer(http::error(403, "The X-Twilio-Signature header is missing or wrong."));
    }
    if (auto upgraded = exchange->upgrade()) MediaStream::open(loop_, std::move(*upgraded));
}

}  // namespace gateway
