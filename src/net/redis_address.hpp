#pragma once
// Where a Redis server is and who we are to it: redis://[[user]:password@]host[:port][/database]

#include "redacted.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace net {

struct RedisAddress {
    std::string host;
    std::uint16_t port = 6379;
    std::string user;  // empty: the default one
    Secret password;   // empty: none is asked for
    std::uint16_t database = 0;
};

// User and password may be percent-encoded. The error is the second half of a sentence and repeats nothing of the text,
// which holds a password.
std::expected<RedisAddress, std::string> parse_redis_url(std::string_view text);

}  // namespace net
