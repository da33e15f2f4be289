#pragma once
// hiredis' values as ours. Part of RedisClient.

#include "net/redis_reply.hpp"

#include <cstddef>

struct redisAsyncContext;

namespace net {

RedisResult read_redis_reply(const void* reply);  // of hiredis' callback; null: the connection has ended

// A list longer than any we ask for ends the connection before room is made for it.
void bound_redis_lists(redisAsyncContext& context);

// Received, and not yet a whole reply.
std::size_t unread_redis_bytes(const redisAsyncContext& context);

}  // namespace net
