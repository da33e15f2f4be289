#include "net/redis_client.hpp"

#include "net/mishap.hpp"
#include "net/redis_wire.hpp"

#include <algorithm>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <sys/epoll.h>
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

// What hiredis wants to know of its socket, and hears from the poller.
class RedisClient::Socket final : public Pollable {
public:
    Socket(RedisClient& client, redisAsyncContext& context) : client_(client), context_(context) {
        context.ev.data = this;
        context.ev.addRead = [](void* self) { static_cast<Socket*>(self)->want(EPOLLIN, true); };
        context.ev.delRead = [](void* self) { static_cast<Socket*>(self)->want(EPOLLIN, false); };
        context.ev.addWrite = [](void* self) { static_cast<Socket*>(self)->want(EPOLLOUT, true); };
        context.ev.delWrite = [](void* self) { static_cast<Socket*>(self)->want(EPOLLOUT, false); };
        context.ev.cleanup = [](void* self) { static_cast<Socket*>(self)->clean_up(); };
    }
    ~Socket() { leave(); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    bool enter() { return entered_ = client_.loop_.poller().add(context_.c.fd, wanted_, *this); }

private:
    void on_ready(std::uint32_t events) override { client_.act(events); }  // may destroy this

    void want(std::uint32_t event, bool wanted) {
        const std::uint32_t before = std::exchange(wanted_, wanted ? wanted_ | event : wanted_ & ~event);
        if (entered_ && wanted_ != before) client_.loop_.poller().modify(context_.c.fd, wanted_, *this);
    }
    void leave() {
        if (std::exchange(entered_, false)) client_.loop_.poller().remove(context_.c.fd, *this);
    }
    // hiredis is about to free the context and to close the socket.
    void clean_up() {
        leave();
        client_.context_ = nullptr;
        client_.ready_ = false;
        if (client_.reason_.empty()) client_.reason_ = context_.err != 0 ? context_.errstr : "connection closed";
    }

    RedisClient& client_;
    redisAsyncContext& context_;
    std::uint32_t wanted_ = 0;
    bool entered_ = false;
};

RedisClient::RedisClient(EventLoop& loop, Options options, OnState on_state)
    : loop_(loop),
      options_(std::move(options)),
      on_state_(std::move(on_state)),
      again_(loop.timers(), [this] { connect(); }),
      silence_(loop.timers(), [this] { drop("no answer"); }),
      connect_limit_(loop.timers(), [this] { drop("no connection in time"); }) {
    connect();
}

RedisClient::~RedisClient() {
    ending_ = true;
    if (context_ != nullptr) redisAsyncFree(context_);
}

void RedisClient::connect() {
    const RedisAddress& address = options_.address;
    connect_limit_.arm(loop_.now() + options_.connect_max);
    lookup_ = loop_.resolver().look_up(address.host, address.port, [this](const Resolver::Result& found) {
        lookup_.reset();
        if (!found) return drop(found.error());
        const SocketAddress& chosen = (*found)[attempts_ % found->size()];
        char host[NI_MAXHOST] = {};
        ::getnameinfo(reinterpret_cast<const sockaddr*>(&chosen.storage), chosen.size, host, sizeof host, nullptr, 0,
                      NI_NUMERICHOST);
        connect_to(host);
    });
}

void RedisClient::connect_to(const std::string& numeric_host) {
    redisAsyncContext* const context = redisAsyncConnect(numeric_host.c_str(), options_.address.port);
    if (context == nullptr || context->err != 0) {
        std::string reason = context != nullptr ? context->errstr : "no memory";
        if (context != nullptr) redisAsyncFree(context);
        return drop(std::move(reason));
    }
    context_ = context;
    context->data = this;
    bound_redis_lists(*context);
    socket_ = std::make_unique<Socket>(*this, *context);
    if (!socket_->enter()) return drop("the system has no room for its socket");
    greet();
}

// PING comes last: unlike the others it is refused while Redis still loads its data.
void RedisClient::greet() {
    const RedisAddress& address = options_.address;
    const auto say = [this](Words words, bool last = false) {
        greeting_.push_back(
            std::make_shared<const Answered>([this, last](const RedisResult& result) { greeted(result, last); }));
        send(std::span(words.begin(), words.size()), greeting_.back());
    };
    const std::string& password = address.password.reveal();
    if (!address.user.empty()) say({"AUTH", address.user, password});
    if (address.user.empty() && !password.empty()) say({"AUTH", password});
    if (address.database != 0) say({"SELECT", std::to_string(address.database)});
    say({"PING"}, true);
}

void RedisClient::greeted(const RedisResult& result, bool last) {
    if (!result && result.error().kind == RedisFailure::Kind::lost) return;  // gone() tells
    if (!result) return drop(result.error().reason);
    if (!last) return;
    connect_limit_.disarm();
    ready_ = true;
    attempts_ = 0;
    on_state_(State{});
}

RedisClient::Command RedisClient::ask(std::span<const std::string_view> words, Millis deadline, Answered answered) {
    auto command = std::make_shared<const Answered>(std::move(answered));
    const auto fail = [&](RedisFailure::Kind kind, const char* reason) {
        fail_soon(command, {kind, reason});
        return command;
    };
    if (!ready_) return fail(RedisFailure::Kind::absent, "no connection");
    if (waiting_.size() >= options_.commands_max || waiting_bytes_ >= options_.commands_bytes_max)
        return fail(RedisFailure::Kind::crowded, "too many commands wait");
    Waiting* const waiting = send(words, command);
    if (waiting == nullptr) return fail(RedisFailure::Kind::absent, "no connection");
    waiting->deadline.arm(waiting->sent + deadline);
    return command;
}

// Null: the connection takes no more commands.
RedisClient::Waiting* RedisClient::send(std::span<const std::string_view> words, std::weak_ptr<const Answered> asker) {
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    std::size_t bytes = 0;
    for (const std::string_view word : words) {
        starts.push_back(word.data());
        sizes.push_back(word.size());
        bytes += word.size();
    }
    auto waiting = std::make_unique<Waiting>(*this, std::move(asker), bytes);
    if (redisAsyncCommandArgv(context_, &RedisClient::on_reply, waiting.get(), static_cast<int>(starts.size()),
                              starts.data(), sizes.data()) != REDIS_OK) {
        return nullptr;
    }
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
    if (self.ending_) return;
    const auto waiting = std::move(self.waiting_.front());
    self.waiting_.pop_front();
    self.waiting_bytes_ -= waiting->bytes;
    if (!waiting->asker.expired()) self.answered_.emplace_back(waiting->asker, read_redis_reply(reply));
    self.watch_silence();
}

// While the line is made ready, connect_limit_ watches.
void RedisClient::watch_silence() {
    silence_.disarm();
    if (ready_ && !waiting_.empty()) silence_.arm(waiting_.front()->sent + options_.silence_max);
}

void RedisClient::act(std::uint32_t events) {
    // Errors and hang-ups are found by reading, after what came before them.
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) redisAsyncHandleRead(context_);
    if (context_ != nullptr && (events & EPOLLOUT) != 0) redisAsyncHandleWrite(context_);
    if (context_ == nullptr) {
        gone();
    } else if (unread_redis_bytes(*context_) > options_.reply_bytes_max) {
        drop("an answer is too long");
    }
    hand_out();
}

void RedisClient::hand_out() {
    // Askers may ask, forget, and learn of the end of the connection meanwhile.
    for (auto& [asker, result] : std::exchange(answered_, {})) {
        const auto answered = asker.lock();
        if (answered) guarded("Redis answer", [&] { (*answered)(std::move(result)); });
    }
}

void RedisClient::drop(std::string reason) {
    reason_ = std::move(reason);
    lookup_.reset();
    if (context_ != nullptr) redisAsyncFree(context_);  // fails what waits
    gone();
    hand_out();
}

// There is no connection now; the next attempt comes after a pause, later each time.
void RedisClient::gone() {
    connect_limit_.disarm();
    silence_.disarm();
    greeting_.clear();
    const Millis pause = options_.pause_min * (1U << std::min<std::size_t>(attempts_++, 16));
    again_.arm(loop_.now() + std::min(pause, options_.pause_max));
    on_state_(std::unexpected(std::exchange(reason_, {})));
}

}  // namespace net
