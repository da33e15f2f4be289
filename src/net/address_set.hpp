#pragma once
// Some IP addresses, written as a list of addresses and networks: "127.0.0.0/8, ::1, 192.0.2.7".

#include "net/ip_address.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace net {

class AddressSet {
public:
    // An empty text is an empty set. The error is the second half of a sentence.
    static std::expected<AddressSet, std::string> parse(std::string_view list);

    bool contains(const IpAddress& address) const;
    bool empty() const { return networks_.empty(); }

private:
    struct Network {
        IpAddress address;
        unsigned prefix_bits;
    };
    static std::expected<Network, std::string> parse_network(std::string_view text);

    std::vector<Network> networks_;
};

}  // namespace net
