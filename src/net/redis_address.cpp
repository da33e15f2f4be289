#include "net/redis_address.hpp"

#include "encoding/form.hpp"

#include <charconv>
#include <optional>
#include <system_error>

namespace net {

namespace {

std::optional<std::uint16_t> small_number(std::string_view text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "user:password", ":password" or "user".
void read_credentials(std::string_view text, RedisAddress& into) {
    const auto colon = text.find(':');
    into.user = encoding::percent_decode(text.substr(0, colon));
    if (colon != std::string_view::npos) into.password = Secret(encoding::percent_decode(text.substr(colon + 1)));
}

// "host", "host:port", "[::1]:port".
bool read_place(std::string_view text, RedisAddress& into) {
    if (text.starts_with('[')) {
        const auto closing = text.find(']');
        if (closing == std::string_view::npos) return false;
        into.host = text.substr(1, closing - 1);
        text.remove_prefix(closing + 1);
    } else {
        into.host = text.substr(0, text.find(':'));
        text.remove_prefix(into.host.size());
    }
    if (text.empty()) return !into.host.empty();
    const auto port = text.starts_with(':') ? small_number(text.substr(1)) : std::nullopt;
    into.port = port.value_or(0);
    return !into.host.empty() && into.port != 0;
}

}  // namespace

std::expected<RedisAddress, std::string> parse_redis_url(std::string_view text) {
    constexpr std::string_view scheme = "redis://";
    if (text.starts_with("rediss://"))
        return std::unexpected(
            "cannot be rediss://: Debian's hiredis has no TLS; let stunnel or a private network do it");
    RedisAddress address;
    const std::unexpected<std::string> wrong("must be an address such as redis://:password@10.0.0.5:6379/0");
    if (!text.starts_with(scheme)) return wrong;
    text.remove_prefix(scheme.size());
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        read_credentials(text.substr(0, at), address);
        text.remove_prefix(at + 1);
    }
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        if (const auto number = text.substr(slash + 1); !number.empty()) {
            const auto database = small_number(number);
            if (!database) return wrong;
            address.database = *database;
        }
        text = text.substr(0, slash);
    }
    if (text.find_first_of("?# \t") != std::string_view::npos || !read_place(text, address)) return wrong;
    if (!address.user.empty() && address.password.empty()) return wrong;
    return address;
}

}  // namespace net
