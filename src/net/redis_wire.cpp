#include "net/redis_wire.hpp"

#include <algorithm>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <span>
#include <string>

namespace net {

namespace {

constexpr int redis_items_max = 4'096;

const redisReplyObjectFunctions* hiredis_functions = nullptr;  // the same for all contexts

void* create_bounded_array(const redisReadTask* task, int elements) {
    return elements > redis_items_max ? nullptr : hiredis_functions->createArray(task, elements);
}

RedisValue value_of(const redisReply& reply) {
    RedisValue value;
    switch (reply.type) {
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            value.kind = RedisValue::Kind::text;
            value.text.assign(reply.str, reply.len);
            break;
        case REDIS_REPLY_INTEGER:
            value.kind = RedisValue::Kind::number;
            value.number = reply.integer;
            break;
        case REDIS_REPLY_ARRAY:
            value.kind = RedisValue::Kind::list;
            for (const redisReply* item : std::span(reply.element, reply.elements)) {
                value.list.push_back(item != nullptr ? value_of(*item) : RedisValue{});
            }
            break;
        default:
            break;  // nil, and an error inside a list
    }
    return value;
}

}  // namespace

RedisResult read_redis_reply(const void* reply) {
    if (reply == nullptr) return std::unexpected(RedisFailure{RedisFailure::Kind::lost, "connection lost"});
    const auto& read = *static_cast<const redisReply*>(reply);
    if (read.type != REDIS_REPLY_ERROR) return value_of(read);
    constexpr std::size_t reason_max = 200;
    return std::unexpected(
        RedisFailure{RedisFailure::Kind::refused, std::string(read.str, std::min(read.len, reason_max))});
}

void bound_redis_lists(redisAsyncContext& context) {
    // Made at the first connection; loops on several threads may make theirs at once.
    static redisReplyObjectFunctions bounded = [&] {
        hiredis_functions = context.c.reader->fn;
        redisReplyObjectFunctions functions = *hiredis_functions;
        functions.createArray = create_bounded_array;
        return functions;
    }();
    context.c.reader->fn = &bounded;
}

std::size_t unread_redis_bytes(const redisAsyncContext& context) {
    const redisReader& reader = *context.c.reader;
    return reader.len - reader.pos;
}

}  // namespace net
