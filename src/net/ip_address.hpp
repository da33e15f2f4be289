#pragma once
// An IP address as a value: compared, hashed and classified without looking at its text again.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr_storage;

namespace net {

class IpAddress {
public:
    IpAddress() = default;  // "::", which no peer has

    // "192.0.2.1" or "2001:db8::1", without brackets, port or zone.
    static std::optional<IpAddress> parse(std::string_view text);
    // What the kernel says of a socket's other end; "::" for another kind of address.
    static IpAddress of(const sockaddr_storage& address);
    // The address in "192.0.2.1:4711" or "[2001:db8::1]:4711"; the port may be missing.
    static std::optional<IpAddress> of_endpoint(std::string_view text);

    bool is_v4() const;
    bool is_loopback() const;

    // Whether the first bits are those of `network`; of an IPv4 network its own 0 to 32.
    bool is_in(const IpAddress& network, unsigned prefix_bits) const;
    // The address with everything behind the first bits cleared, counted as in is_in().
    IpAddress network(unsigned prefix_bits) const;

    // Whom a limit by address counts: whoever has an IPv6 network of their own has all addresses in it.
    IpAddress subscriber() const { return is_v4() ? *this : network(64); }

    std::string text() const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;
    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

private:
    static constexpr unsigned v4_bits = 96;  // ::ffff:0:0/96

    // IPv4 is kept in its IPv6 form, so that 192.0.2.1 and ::ffff:192.0.2.1 are one peer.
    std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace net
