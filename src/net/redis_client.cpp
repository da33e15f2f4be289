#include "net/redis_client.hpp"

#include "net/mishap.hpp"
#include "net/redis_wire.hpp"

#include <utility>

namespace net {

// One command whose answer is still to come. It keeps its place in the line when nobody waits for it any more.
struct RedisClient::Waiting {
    Waiting(RedisClient& its_client, std::weak_ptr<const Answered> its_asker, std::size_t its_bytes)
        : client(its_client),
          asker(std::move(its_asker)),
          bytes(its_bytes),
          sent(its_client.loop_.now()),
          deadline(its_client.loop_.timers(), [this] { too_late(); }) {}

    void too_late() {
        const auto answered = std::exchange(asker, {}).lock();
        if (answered) (*answered)(std::unexpected(RedisFailure{RedisFailure::Kind::late, "no answer in time"}));
    }

    RedisClient& client;
    std::weak_ptr<const Answered> asker;
    const std::size_t bytes;
    const Instant sent;
    Timer deadline;
};

RedisClient::RedisClient(EventLoop& loop, const Options& options, OnState on_state)
    : loop_(loop),
      options_(options),
      silence_(loop.timers(), [this] { connection_.drop("no answer"); }),
      connection_(loop, options, std::move(on_state), [this] { hand_out(); }) {}

RedisClient::~RedisClient() = default;

RedisClient::Command RedisClient::ask(std::span<const std::string_view> words, Millis deadline, Answered answered) {
    auto command = std::make_shared<const Answered>(std::move(answered));
    const auto fail = [&](RedisFailure::Kind kind, const char* reason) {
        fail_soon(command, {kind, reason});
        return command;
    };
    if (!ready()) return fail(RedisFailure::Kind::absent, "no connection");
    if (waiting_.size() >= options_.commands_max || waiting_bytes_ >= options_.commands_bytes_max)
        return fail(RedisFailure::Kind::crowded, "too many commands wait");
    Waiting* const waiting = send(words, command);
    if (waiting == nullptr) return fail(RedisFailure::Kind::absent, "no connection");
    waiting->deadline.arm(waiting->sent + deadline);
    return command;
}

// Null: the connection takes no more commands.
RedisClient::Waiting* RedisClient::send(std::span<const std::string_view> words, std::weak_ptr<const Answered> asker) {
    std::size_t bytes = 0;
    for (const std::string_view word : words) bytes += word.size();
    auto waiting = std::make_unique<Waiting>(*this, std::move(asker), bytes);
    if (!connection_.send(words, &RedisClient::on_reply, waiting.get())) return nullptr;
    waiting_bytes_ += bytes;
    waiting_.push_back(std::move(waiting));
    if (waiting_.size() == 1) watch_silence();
    return waiting_.back().get();
}

void RedisClient::fail_soon(const Command& command, RedisFailure failure) {
    loop_.post([asker = std::weak_ptr(command), failure = std::move(failure)] {
        if (const auto answered = asker.lock()) (*answered)(std::unexpected(failure));
    });
}

// Inside hiredis: only noted. What the asker does with it comes when hiredis has returned.
void RedisClient::on_reply(redisAsyncContext*, void* reply, void* its_waiting) {
    RedisClient& self = static_cast<Waiting*>(its_waiting)->client;
    if (self.connection_.ending()) return;
    const auto waiting = std::move(self.waiting_.front());
    self.waiting_.pop_front();
    self.waiting_bytes_ -= waiting->bytes;
    if (!waiting->asker.expired()) self.answered_.emplace_back(waiting->asker, read_redis_reply(reply));
    self.watch_silence();
}

void RedisClient::watch_silence() {
    silence_.disarm();
    if (!waiting_.empty()) silence_.arm(waiting_.front()->sent + options_.silence_max);
}

void RedisClient::hand_out() {
    // Askers may ask, forget, and learn of the end of the connection meanwhile.
    for (auto& [asker, result] : std::exchange(answered_, {})) {
        const auto answered = asker.lock();
        if (answered) guarded("Redis answer", [&] { (*answered)(std::move(result)); });
    }
}

}  // namespace net
