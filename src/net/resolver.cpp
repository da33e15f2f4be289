#include "net/resolver.hpp"

#include "net/mishap.hpp"

#include <cstring>
#include <netdb.h>
#include <utility>

namespace net {

namespace {

Resolver::Result resolve(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found)) {
        return std::unexpected(std::string(::gai_strerror(error)));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    std::vector<SocketAddress> addresses;
    for (; found != nullptr; found = found->ai_next) {
        SocketAddress& address = addresses.emplace_back();
        address.size = found->ai_addrlen;
        std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    }
    return addresses;
}

}  // namespace

Resolver::Resolver(EventLoop& loop)
    : loop_(loop), thread_([this](const std::stop_token& stop) { answer_questions(stop); }) {}

Resolver::~Resolver() = default;

Resolver::Lookup Resolver::look_up(std::string host, std::uint16_t port, Done done) {
    auto lookup = std::make_shared<const Done>(std::move(done));
    const std::scoped_lock lock(mutex_);
    questions_.push_back({std::move(host), std::to_string(port), lookup});
    asked_.notify_one();
    return lookup;
}

void Resolver::answer_questions(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (asked_.wait(lock, stop, [this] { return !questions_.empty(); })) {
        const Question question = std::move(questions_.front());
        questions_.pop_front();
        if (question.asker.expired()) continue;
        lock.unlock();
        guarded("resolver", [&] {
            loop_.post([asker = question.asker, result = resolve(question.host, question.port)]() mutable {
                if (const auto done = asker.lock()) (*done)(std::move(result));
            });
        });
        lock.lock();
    }
}

}  // namespace net
