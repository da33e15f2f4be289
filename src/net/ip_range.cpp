#include "net/ip_range.hpp"

#include <algorithm>
#include <charconv>

namespace net {

std::optional<IpRange> IpRange::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto network = IpAddress::parse(text.substr(0, slash));
    if (!network) return std::nullopt;
    const unsigned bits_max = network->is_v4() ? 32 : 128;
    IpRange range;
    range.network_ = *network;
    range.prefix_bits_ = bits_max;
    if (slash == std::string_view::npos) return range;
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), range.prefix_bits_);
    if (error != std::errc{} || end != digits.data() + digits.size() || range.prefix_bits_ > bits_max)
        return std::nullopt;
    if (network->network(range.prefix_bits_) != *network) return std::nullopt;
    return range;
}

std::expected<std::vector<IpRange>, std::string> parse_ip_ranges(std::string_view text) {
    std::vector<IpRange> ranges;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(", \t"), text.size());
        const std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (part.empty()) continue;
        const auto range = IpRange::parse(part);
        if (!range) return std::unexpected(std::string(part));
        ranges.push_back(*range);
    }
    return ranges;
}

bool contains(const std::vector<IpRange>& ranges, const IpAddress& address) {
    return std::ranges::any_of(ranges, [&](const IpRange& range) { return range.contains(address); });
}

}  // namespace net
