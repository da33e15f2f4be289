#include "net/address_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace net {

std::expected<AddressSet, std::string> AddressSet::parse(std::string_view list) {
    AddressSet set;
    while (!list.empty()) {
        const std::size_t end = list.find(',');
        std::string_view entry = list.substr(0, end);
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
        const std::size_t first = entry.find_first_not_of(" \t");
        if (first == std::string_view::npos) continue;
        entry = entry.substr(first, entry.find_last_not_of(" \t") + 1 - first);
        const auto network = parse_network(entry);
        if (!network) return std::unexpected(network.error());
        set.networks_.push_back(*network);
    }
    return set;
}

std::expected<AddressSet::Network, std::string> AddressSet::parse_network(std::string_view text) {
    const auto wrong = [&] {
        return std::unexpected(
            fmt::format("must list addresses and networks such as 192.0.2.7 or 10.0.0.0/8, not '{}'", text));
    };
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return wrong();
    const unsigned bits_max = address->is_v4() ? 32 : 128;
    unsigned bits = bits_max;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (error != std::errc{} || end != digits.data() + digits.size() || bits > bits_max) return wrong();
    }
    return Network{*address, bits};
}

bool AddressSet::contains(const IpAddress& address) const {
    return std::ranges::any_of(
        networks_, [&](const Network& network) { return address.is_in(network.address, network.prefix_bits); });
}

}  // namespace net
