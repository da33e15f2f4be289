#include "net/ip_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <span>

namespace net {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string terminated(text);
    IpAddress address;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
    std::ranges::copy(v4_prefix, address.bytes_.begin());
    if (::inet_pton(AF_INET, terminated.c_str(), address.bytes_.data() + v4_prefix.size()) == 1) return address;
    return std::nullopt;
}

IpAddress IpAddress::of(const sockaddr_storage& address) {
    IpAddress result;
    if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        std::ranges::copy(v6.sin6_addr.s6_addr, result.bytes_.begin());
    } else if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        std::ranges::copy(v4_prefix, result.bytes_.begin());
        std::memcpy(result.bytes_.data() + v4_prefix.size(), &v4.sin_addr, sizeof v4.sin_addr);
    }
    return result;
}

std::optional<IpAddress> IpAddress::of_endpoint(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        return end == std::string_view::npos ? std::nullopt : parse(text.substr(1, end - 1));
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) return parse(text);
    return parse(text.substr(0, colon));
}

bool IpAddress::is_v4() const {
    return std::ranges::equal(v4_prefix, std::span(bytes_).first(v4_prefix.size()));
}

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes_[v4_prefix.size()] == 127;
    return bytes_.back() == 1 && std::ranges::all_of(std::span(bytes_).first(15), [](auto byte) { return byte == 0; });
}

bool IpAddress::is_in(const IpAddress& network_address, unsigned prefix_bits) const {
    return is_v4() == network_address.is_v4() && network(prefix_bits) == network_address.network(prefix_bits);
}

IpAddress IpAddress::network(unsigned prefix_bits) const {
    const unsigned kept = is_v4() ? v4_bits + prefix_bits : prefix_bits;
    IpAddress masked = *this;
    for (unsigned i = 0; i < masked.bytes_.size(); ++i) {
        const unsigned bits = kept <= i * 8 ? 0 : std::min(kept - i * 8, 8u);
        masked.bytes_[i] &= static_cast<std::uint8_t>(0xff00u >> bits);
    }
    return masked;
}

std::string IpAddress::text() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (is_v4()) {
        ::inet_ntop(AF_INET, bytes_.data() + v4_prefix.size(), text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
    }
    return text;
}

}  // namespace net
