#include "net/public_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>

namespace net {

namespace {

struct Network {
    const char* address;
    unsigned prefix_bits;
};

constexpr std::array not_public{
    Network{"0.0.0.0", 8},        // this network
    Network{"10.0.0.0", 8},       // private
    Network{"100.64.0.0", 10},    // shared by carriers
    Network{"127.0.0.0", 8},      // loopback
    Network{"169.254.0.0", 16},   // link-local, and the clouds' metadata
    Network{"172.16.0.0", 12},    // private
    Network{"192.0.0.0", 24},     // protocol assignments
    Network{"192.0.2.0", 24},     // documentation
    Network{"192.88.99.0", 24},   // 6to4 relays
    Network{"192.168.0.0", 16},   // private
    Network{"198.18.0.0", 15},    // benchmarks
    Network{"198.51.100.0", 24},  // documentation
    Network{"203.0.113.0", 24},   // documentation
    Network{"224.0.0.0", 3},      // multicast, reserved, broadcast
    Network{"2001::", 23},        // protocol assignments, Teredo
    Network{"2001:db8::", 32},    // documentation
    Network{"2002::", 16},        // 6to4: an IPv4 address inside
    Network{"3fff::", 20},        // documentation
};
constexpr Network global_unicast{"2000::", 3};  // of IPv6, nothing else is public

bool lies_in(const IpAddress& address, const Network& network) {
    const auto parsed = IpAddress::parse(network.address);
    return parsed && address.is_in(*parsed, network.prefix_bits);
}

}  // namespace

bool is_public(const IpAddress& address) {
    if (!address.is_v4() && !lies_in(address, global_unicast)) return false;
    return std::ranges::none_of(not_public, [&](const Network& network) { return lies_in(address, network); });
}

bool is_public(const sockaddr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (address.sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
    if (address.sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (bytes == nullptr || ::inet_ntop(address.sa_family, bytes, text.data(), text.size()) == nullptr) return false;
    const auto parsed = IpAddress::parse(text.data());
    return parsed && is_public(*parsed);
}

}  // namespace net
