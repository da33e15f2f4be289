#include "simulator/web_address.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace simulator {

namespace {

// Text and what stands behind its "#".
std::pair<std::string_view, std::string_view> without_fragment(std::string_view url) {
    const auto hash = url.find('#');
    if (hash == std::string_view::npos) return {url, {}};
    return {url.substr(0, hash), url.substr(hash + 1)};
}

// Where the ":port" begins; npos when there is none. An IPv6 host has colons inside its brackets.
std::size_t port_position(std::string_view authority) {
    const auto colon = authority.rfind(':');
    if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos)
        return std::string_view::npos;
    return colon;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

}  // namespace

std::string WebAddress::host() const {
    std::string_view name = authority;
    if (const auto colon = port_position(name); colon != std::string_view::npos) name = name.substr(0, colon);
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    return std::string(name);
}

std::uint16_t WebAddress::port() const {
    const std::uint16_t usual = scheme == "https" || scheme == "wss" ? 443 : 80;
    const auto colon = port_position(authority);
    if (colon == std::string::npos) return usual;
    return parse_port(std::string_view(authority).substr(colon + 1)).value_or(usual);
}

bool WebAddress::loopback() const {
    const std::string name = host();
    const bool dotted_number = name.find_first_not_of("0123456789.") == std::string::npos;
    return name == "localhost" || name == "::1" || (dotted_number && name.starts_with("127."));
}

std::optional<WebAddress> parse_address(std::string_view text) {
    auto [url, fragment] = without_fragment(text);
    const auto colon = url.find("://");
    const auto overrides = read_overrides(fragment);
    if (colon == std::string_view::npos || !overrides) return std::nullopt;
    WebAddress address;
    address.overrides = *overrides;
    address.scheme = url.substr(0, colon);
    std::ranges::transform(address.scheme, address.scheme.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (address.scheme != "http" && address.scheme != "https" && address.scheme != "ws" && address.scheme != "wss") {
        return std::nullopt;
    }
    url.remove_prefix(colon + 3);
    const auto path = url.find_first_of("/?");
    address.authority = url.substr(0, path);
    address.target = path == std::string_view::npos ? "" : url.substr(path);
    if (!address.target.starts_with('/')) address.target.insert(0, "/");
    const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c != 0x7F; });
    if (address.host().empty() || !printable || address.authority.contains('@')) return std::nullopt;
    const auto port = port_position(address.authority);
    if (port != std::string::npos && !parse_port(std::string_view(address.authority).substr(port + 1)))
        return std::nullopt;
    return address;
}

std::optional<WebAddress> resolve(const WebAddress& base, std::string_view reference) {
    if (reference.contains("://")) return parse_address(reference);
    if (reference.starts_with("//")) return parse_address(base.scheme + ":" + std::string(reference));
    WebAddress resolved = base;
    const auto [relative, fragment] = without_fragment(reference);
    const std::string path = base.target.substr(0, base.target.find('?'));
    if (relative.starts_with('/')) {
        resolved.target = relative;
    } else if (relative.starts_with('?')) {
        resolved.target = path + std::string(relative);
    } else if (!relative.empty()) {
        resolved.target = path.substr(0, path.rfind('/') + 1) + std::string(relative);
    }
    return parse_address(resolved.text().append("#").append(fragment));
}

}  // namespace simulator
