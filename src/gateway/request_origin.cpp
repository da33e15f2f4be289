#include "gateway/request_origin.hpp"

#include "encoding/trim.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

// The elements of a list header in order, also when it is there several times (RFC 9110, 5.3).
std::vector<std::string_view> elements(const http::Request& request, std::string_view name) {
    std::vector<std::string_view> all;
    for (const std::string_view line : request.all(name)) {
        for (std::size_t begin = 0; begin <= line.size();) {
            const std::size_t end = std::min(line.find(',', begin), line.size());
            all.push_back(encoding::trimmed(line.substr(begin, end - begin)));
            begin = end + 1;
        }
    }
    return all;
}

// What the outermost of `proxies` trusted ones said. Each adds its word on the right, so those further left are the
// client's; a proxy that only passes on what the one before it said leaves fewer.
std::string_view outermost(const std::vector<std::string_view>& words, std::size_t proxies) {
    return words.empty() ? std::string_view{} : words[words.size() - std::min(proxies, words.size())];
}

bool is_authority(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-._:[]").contains(c);
    };
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, allowed);
}

// "/a", without a slash at its end. Empty for anything else.
std::string_view path_prefix(std::string_view word) {
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-._~/").contains(c);
    };
    word = word.substr(0, word.find_last_not_of('/') + 1);
    const bool is_one = word.starts_with('/') && word.size() <= 64 && std::ranges::all_of(word, allowed);
    return is_one ? word : std::string_view{};
}

// Some proxies name the scheme of a WebSocket. Empty for anything else.
std::string_view web_scheme(std::string_view word) {
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower == "https" || lower == "wss") return "https";
    if (lower == "http" || lower == "ws") return "http";
    return {};
}

}  // namespace

bool is_of_our_page(const http::Request& request, const RequestOrigin& origin) {
    const std::string_view page = request.header("Origin"), host = request.header("Host");
    if (page.empty()) return false;
    if (page == fmt::format("http://{}", host) || page == fmt::format("https://{}", host)) return true;
    return std::ranges::find(origin.base_urls, page) != origin.base_urls.end();
}

// From the connection back towards the client, as far as it can be believed.
struct RequestOrigins::Way {
    std::optional<net::IpAddress> client;
    std::size_t proxies = 0;  // trusted ones on it
};

RequestOrigins::RequestOrigins(Options options) : options_(std::move(options)) {
    for (std::string* url : {&options_.public_url, &options_.instance_url}) url->erase(url->find_last_not_of('/') + 1);
}

RequestOrigins::Way RequestOrigins::way_of(const http::Request& request, std::string_view peer) const {
    Way way{.client = net::IpAddress::of_endpoint(peer)};
    const auto said = elements(request, "X-Forwarded-For");
    if (!way.client || !net::contains(options_.trusted_proxies, *way.client)) {
        if (!said.empty() && !told_.exchange(true)) {
            spdlog::warn("forwarded headers ignored peer={} hint={:?}", peer,
                         "if this is your proxy, name it in TRUSTED_PROXIES");
        }
        return way;
    }
    way.proxies = 1;
    for (auto word = said.rbegin(); word != said.rend(); ++word) {
        const auto next = net::IpAddress::of_endpoint(*word);
        if (!next) break;  // "unknown", or made up: what lies beyond cannot be told
        way.client = next;
        if (!net::contains(options_.trusted_proxies, *next)) break;
        ++way.proxies;
    }
    return way;
}

// Without a configured address.
std::vector<std::string> RequestOrigins::base_urls_of(const http::Request& request, std::size_t proxies) {
    std::string_view host = request.header("Host"), scheme;
    if (proxies > 0) {
        const auto forwarded = outermost(elements(request, "X-Forwarded-Host"), proxies);
        if (is_authority(forwarded)) host = forwarded;
        scheme = web_scheme(outermost(elements(request, "X-Forwarded-Proto"), proxies));
    }
    std::vector<std::string> urls;
    for (const std::string_view possible : {"https", "http"}) {
        if (scheme.empty() || scheme == possible) urls.push_back(fmt::format("{}://{}", possible, host));
    }
    return urls;
}

RequestOrigin RequestOrigins::of(const http::Request& request, std::string_view peer) const {
    const Way way = way_of(request, peer);
    RequestOrigin origin;
    origin.address = way.client;
    origin.peer = peer;
    origin.configured = !options_.public_url.empty();
    origin.base_urls = origin.configured ? std::vector{options_.public_url} : base_urls_of(request, way.proxies);
    // What the proxy took off the path, as it does for one server among several: it may be another's, whose calls we
    // take over.
    if (way.proxies > 0) {
        const auto prefix = path_prefix(outermost(elements(request, "X-Forwarded-Prefix"), way.proxies));
        if (!prefix.empty()) origin.base_urls.push_back(fmt::format("{}{}", origin.base_url(), prefix));
    }
    if (!options_.instance_url.empty()) origin.base_urls.push_back(options_.instance_url);
    origin.return_url = options_.instance_url.empty() ? origin.base_url() : options_.instance_url;
    return origin;
}

}  // namespace gateway
