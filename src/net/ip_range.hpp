#pragma once
// Ranges of IP addresses, as an operator writes them: "10.0.0.0/8, 2001:db8::/32, 192.0.2.1".

#include "net/ip_address.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace net {

class IpRange {
public:
    // "10.0.0.0/8", or one address. No bit may be set behind the prefix: that is a slip of the pen.
    static std::optional<IpRange> parse(std::string_view text);

    bool contains(const IpAddress& address) const { return address.is_in(network_, prefix_bits_); }

private:
    IpAddress network_;
    unsigned prefix_bits_ = 0;
};

// Separated by commas or spaces. The error is the part that is no range.
std::expected<std::vector<IpRange>, std::string> parse_ip_ranges(std::string_view text);

bool contains(const std::vector<IpRange>& ranges, const IpAddress& address);

}  // namespace net
