#include "net/redis_connection.hpp"

#include "net/redis_wire.hpp"

#include <algorithm>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <initializer_list>
#include <netdb.h>
#include <sys/epoll.h>
#include <utility>
#include <vector>

namespace net {

// What hiredis wants to know of its socket, and hears from the poller.
class RedisConnection::Socket final : public Pollable {
public:
    Socket(RedisConnection& connection, redisAsyncContext& context) : connection_(connection), context_(context) {
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

    bool enter() { return entered_ = connection_.loop_.poller().add(context_.c.fd, wanted_, *this); }

private:
    void on_ready(std::uint32_t events) override { connection_.act(events); }  // may destroy this

    void want(std::uint32_t event, bool wanted) {
        const std::uint32_t before = std::exchange(wanted_, wanted ? wanted_ | event : wanted_ & ~event);
        if (entered_ && wanted_ != before) connection_.loop_.poller().modify(context_.c.fd, wanted_, *this);
    }
    void leave() {
        if (std::exchange(entered_, false)) connection_.loop_.poller().remove(context_.c.fd, *this);
    }
    // hiredis is about to free the context and to close the socket.
    void clean_up() {
        leave();
        connection_.context_ = nullptr;
        connection_.ready_ = false;
        if (connection_.reason_.empty())
            connection_.reason_ = context_.err != 0 ? context_.errstr : "connection closed";
    }

    RedisConnection& connection_;
    redisAsyncContext& context_;
    std::uint32_t wanted_ = 0;
    bool entered_ = false;
};

RedisConnection::RedisConnection(EventLoop& loop, Options options, OnState on_state, std::function<void()> replied)
    : loop_(loop),
      options_(std::move(options)),
      on_state_(std::move(on_state)),
      replied_(std::move(replied)),
      again_(loop.timers(), [this] { connect(); }),
      connect_limit_(loop.timers(), [this] { drop("no connection in time"); }) {
    connect();
}

RedisConnection::~RedisConnection() {
    ending_ = true;
    if (context_ != nullptr) redisAsyncFree(context_);
}

void RedisConnection::connect() {
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

void RedisConnection::connect_to(const std::string& numeric_host) {
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
void RedisConnection::greet() {
    const RedisAddress& address = options_.address;
    greeting_awaited_ = 0;
    greeting_refused_.clear();
    const auto say = [this](std::initializer_list<std::string_view> words) {
        ++greeting_awaited_;
        send(std::span(words.begin(), words.size()), &RedisConnection::on_greeting, this);
    };
    const std::string& password = address.password.reveal();
    if (!address.user.empty()) say({"AUTH", address.user, password});
    if (address.user.empty() && !password.empty()) say({"AUTH", password});
    if (address.database != 0) say({"SELECT", std::to_string(address.database)});
    say({"PING"});
}

void RedisConnection::on_greeting(redisAsyncContext*, void* reply, void* its_connection) {
    auto& self = *static_cast<RedisConnection*>(its_connection);
    if (reply == nullptr || self.ending_) return;  // gone() tells
    const RedisResult result = read_redis_reply(reply);
    if (!result && self.greeting_refused_.empty()) self.greeting_refused_ = result.error().reason;
    --self.greeting_awaited_;
}

void RedisConnection::look_at_greeting() {
    if (!greeting_refused_.empty()) return drop(std::exchange(greeting_refused_, {}));
    if (greeting_awaited_ > 0) return;
    connect_limit_.disarm();
    ready_ = true;
    attempts_ = 0;
    on_state_(State{});
}

bool RedisConnection::send(std::span<const std::string_view> words, OnReply on_reply, void* asker) {
    if (context_ == nullptr) return false;
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : words) {
        starts.push_back(word.data());
        sizes.push_back(word.size());
    }
    return redisAsyncCommandArgv(context_, on_reply, asker, static_cast<int>(starts.size()), starts.data(),
                                 sizes.data()) == REDIS_OK;
}

void RedisConnection::act(std::uint32_t events) {
    // Errors and hang-ups are found by reading, after what came before them.
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) redisAsyncHandleRead(context_);
    if (context_ != nullptr && (events & EPOLLOUT) != 0) redisAsyncHandleWrite(context_);
    if (context_ == nullptr) {
        gone();
    } else if (unread_redis_bytes(*context_) > options_.reply_bytes_max) {
        drop("an answer is too long");
    } else if (!ready_) {
        look_at_greeting();
    }
    replied_();
}

void RedisConnection::drop(std::string reason) {
    reason_ = std::move(reason);
    lookup_.reset();
    if (context_ != nullptr) redisAsyncFree(context_);  // fails what waits
    gone();
    replied_();
}

// There is no connection now; the next attempt comes after a pause, later each time.
void RedisConnection::gone() {
    connect_limit_.disarm();
    const Millis pause =
        std::min<Millis>(options_.pause_min * (1U << std::min<std::size_t>(attempts_++, 16)), options_.pause_max);
    // Those who lost it together do not come back together.
    again_.arm(loop_.now() +
               std::chrono::duration_cast<Millis>(pause * std::uniform_real_distribution(0.5, 1.0)(random_)));
    on_state_(std::unexpected(std::exchange(reason_, {})));
}

}  // namespace net
