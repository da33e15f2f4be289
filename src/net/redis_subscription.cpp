#include "net/redis_subscription.hpp"

#include "net/mishap.hpp"
#include "net/redis_wire.hpp"

#include <string_view>
#include <utility>

namespace net {

RedisSubscription::RedisSubscription(EventLoop& loop, const Options& options, OnState on_state, OnMessage on_message)
    : loop_(loop),
      options_(options),
      on_state_(std::move(on_state)),
      on_message_(std::move(on_message)),
      silence_(loop.timers(), [this] { connection_.drop("nothing heard"); }),
      connection_(loop, options, [this](const auto& state) { connected(state); }, [this] { hand_out(); }) {}

RedisSubscription::~RedisSubscription() = default;

void RedisSubscription::connected(const RedisConnection::State& state) {
    silence_.disarm();
    listens_ = begins_ = false;
    if (!state) {
        using Kind = RedisFailure::Kind;
        const Kind kind = std::exchange(asked_, false) ? Kind::refused : Kind::lost;
        return on_state_(std::unexpected(RedisFailure{kind, state.error()}));
    }
    asked_ = true;
    const std::string_view words[] = {"SUBSCRIBE", options_.channel};
    connection_.send(words, &RedisSubscription::on_reply, this);
    silence_.arm(loop_.now() + options_.silence_max);
}

// Inside hiredis: only noted. ["subscribe", channel, 1] comes first, then ["message", channel, text] each time. A
// refusal ends the connection with its reason.
void RedisSubscription::on_reply(redisAsyncContext*, void* reply, void* its_subscription) {
    auto& self = *static_cast<RedisSubscription*>(its_subscription);
    if (reply == nullptr || self.connection_.ending()) return;
    RedisResult said = read_redis_reply(reply);
    if (!said || said->list.size() != 3) return;
    if (said->list[0].is_text("subscribe")) self.begins_ = true;
    if (said->list[0].is_text("message")) self.heard_.push_back(std::move(said->list[2].text));
}

void RedisSubscription::hand_out() {
    if (std::exchange(begins_, false)) {
        listens_ = true;
        asked_ = false;
        on_state_(State{});
    }
    if (heard_.empty()) return;
    if (listens_) silence_.arm(loop_.now() + options_.silence_max);
    for (std::string& message : std::exchange(heard_, {}))
        guarded("Redis message", [&] { on_message_(std::move(message)); });
}

}  // namespace net
