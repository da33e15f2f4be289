#pragma once
// What becomes of one command to Redis: a value, or one of the ways in which there is none.

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace net {

struct RedisValue {
    enum class Kind { nothing, text, number, list };
    Kind kind = Kind::nothing;
    std::string text{};  // any bytes
    std::int64_t number = 0;
    std::vector<RedisValue> list{};

    bool is_text(const char* expected) const { return kind == Kind::text && text == expected; }
};

struct RedisFailure {
    enum class Kind {
        absent,   // there is no connection: nothing was sent
        crowded,  // too much waits for its answer: nothing was sent
        late,     // no answer in time; it may have been done
        lost,     // the connection ended before the answer; it may have been done
        refused,  // an error: out of memory, read-only, no permission
    };
    Kind kind = Kind::absent;
    std::string reason{};  // for the log
};

using RedisResult = std::expected<RedisValue, RedisFailure>;

}  // namespace net
