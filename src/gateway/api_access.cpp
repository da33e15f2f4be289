#include "gateway/api_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

bool same_letters(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view bearer_key(const http::Request& request) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view value = request.header("Authorization");
    if (!same_letters(value.substr(0, scheme.size()), scheme)) return {};
    const std::size_t key = value.find_first_not_of(' ', scheme.size());
    return key == std::string_view::npos ? std::string_view{} : value.substr(key);
}

bool names_this_machine(std::string_view host) {
    const std::string_view name = host.substr(0, host.rfind(':'));
    if (same_letters(name, "localhost")) return true;
    const auto address = net::IpAddress::of_endpoint(host);
    return address && address->is_loopback();
}

bool was_passed_on(const http::Request& request) {
    constexpr std::array<std::string_view, 6> marks = {"Forwarded", "X-Forwarded-For",   "X-Forwarded-Host",
                                                       "X-Real-IP", "X-Forwarded-Proto", "Via"};
    return std::ranges::any_of(request.headers, [&](const auto& field) {
        return std::ranges::any_of(marks, [&](std::string_view name) { return same_letters(field.first, name); });
    });
}

// Browsers say where a request comes from; programs say nothing.
bool is_of_a_foreign_page(const http::Request& request) {
    const std::string_view host = request.header("Host");
    if (!names_this_machine(host)) return true;
    if (const std::string_view origin = request.header("Origin"); !origin.empty()) {
        return origin != fmt::format("http://{}", host) && origin != fmt::format("https://{}", host);
    }
    const std::string_view site = request.header("Sec-Fetch-Site");
    return !site.empty() && site != "same-origin" && site != "none";
}

}  // namespace

const char* name_of(Denial denial) {
    switch (denial) {
        case Denial::no_key:
            return "no_api_key";
        case Denial::wrong_key:
            return "wrong_api_key";
        case Denial::not_local:
            return "not_local";
        case Denial::foreign_page:
        case Denial::not_our_page:
            return "foreign_page";
    }
    return "unknown";
}

http::Response refusal_of(Denial denial) {
    switch (denial) {
        case Denial::foreign_page:
            return http::error(403,
                               "Without API_KEYS this address answers programs on the server's own machine and "
                               "pages that come from it, under the name localhost or 127.0.0.1.");
        case Denial::not_our_page:
            return http::error(403, "This address is for the console's own page.");
        case Denial::wrong_key: {
            auto refusal = http::error(401, "The API key is wrong.");
            refusal.headers.emplace_back("WWW-Authenticate", R"(Bearer realm="mouthpiece", error="invalid_token")");
            return refusal;
        }
        case Denial::no_key:
        case Denial::not_local:
            break;
    }
    auto refusal = http::error(401, "This address needs an API key: Authorization: Bearer KEY, or X-API-Key: KEY.");
    refusal.headers.emplace_back("WWW-Authenticate", R"(Bearer realm="mouthpiece")");
    return refusal;
}

ApiAccess::ApiAccess(Options options) : options_(std::move(options)) {
    if (const auto read = reload(); !read) throw std::runtime_error(read.error());
}

std::expected<std::optional<std::size_t>, std::string> ApiAccess::reload() {
    auto all = ApiKeys::from_list(options_.keys);
    if (!all) return std::unexpected(fmt::format("API_KEYS {}.", all.error()));
    if (!options_.keys_file.empty()) {
        const auto of_file = ApiKeys::from_file(options_.keys_file);
        if (!of_file) return std::unexpected(fmt::format("API_KEYS_FILE {}.", of_file.error()));
        all->add(*of_file);
    }
    const std::scoped_lock lock(mutex_);
    if (*all == *keys_) return std::nullopt;
    const std::size_t count = all->size();
    keys_ = std::make_shared<const ApiKeys>(std::move(*all));
    return count;
}

std::shared_ptr<const ApiKeys> ApiAccess::keys() const {
    const std::scoped_lock lock(mutex_);
    return keys_;
}

std::optional<Denial> ApiAccess::denial(const http::Request& request, const std::optional<net::IpAddress>& peer) const {
    const auto known = keys();
    // A file without a key lets nobody in: emptying it takes access away, and must not open the door instead.
    if (!known->empty() || !options_.keys_file.empty()) {
        const std::string_view bearer = bearer_key(request), plain = request.header("X-API-Key");
        if (known->contains(bearer) || known->contains(plain)) return std::nullopt;
        return bearer.empty() && plain.empty() ? Denial::no_key : Denial::wrong_key;
    }
    if (!peer || !peer->is_loopback() || was_passed_on(request)) return Denial::not_local;
    return is_of_a_foreign_page(request) ? std::optional(Denial::foreign_page) : std::nullopt;
}

}  // namespace gateway
