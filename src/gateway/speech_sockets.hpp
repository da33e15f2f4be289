#pragma once
// The ContextSockets of one loop. A text goes to a socket of its voice that has room, the fullest first, so that what
// is not needed falls idle and ends; only when none has, another is opened. For the default voice some room is kept
// ready ahead of time. ElevenLabs ends sockets that idle for 20 s, and one reused just before has been met that said
// nothing more: so they are renewed well before.

#include "gateway/context_socket.hpp"
#include "net/event_loop.hpp"
#include "redacted.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace gateway {

class SpeechSockets final : private ContextSocket::Owner {
public:
    struct Options {
        std::string url;  // "wss://host[:port][/path]"
        Secret api_key;
        std::shared_ptr<const net::Tls> authorities;  // for wss
        elevenlabs::SocketVoice default_voice;
        std::size_t sockets_max = 16;
        // Contexts of the default voice that could begin at once; 0: nothing is opened ahead. Kept up for `warm_for`
        // after the start and after each text, so that a server without calls leaves ElevenLabs alone.
        std::size_t contexts_ahead = 2;
        std::chrono::milliseconds warm_for{600'000};
        std::chrono::milliseconds idle_max{15'000};
        std::chrono::milliseconds connect_timeout{3'000};
        // Between attempts to open ahead: doubled with every failure, a half of it drawn. A text that needs a socket
        // does not wait for it; there the breaker judges.
        std::chrono::milliseconds backoff_min{500}, backoff_max{60'000};
        std::chrono::milliseconds refused_backoff{300'000};  // wrong key, empty account, unknown voice
        ContextSocket::Options socket;
    };
    struct Figures {
        std::size_t sockets = 0, contexts = 0;  // now
        std::uint64_t opened = 0;               // sockets, ever, the failed attempts included
    };

    // `loop` must outlive this, and this its Utterances. Not to be destroyed from inside a listener's callback.
    SpeechSockets(net::EventLoop& loop, Options options);
    ~SpeechSockets();

    // Null when sockets_max are open and none may be spared.
    std::unique_ptr<speech::Utterance> say(const elevenlabs::SpeechRequest& request, speech::Listener& listener);
    Figures figures() const;

private:
    void on_spoke(const ContextSocket& socket) override;
    void on_broke(const ContextSocket& socket, const speech::Failure& failure) override;
    void on_change() override { tend_soon(); }

    ContextSocket* find(const elevenlabs::SocketVoice& voice, net::Instant now) const;
    ContextSocket* open(const elevenlabs::SocketVoice& voice);
    bool full() const;
    bool spare_idle_one();
    void tend_soon();
    void tend();
    void tend_idle(ContextSocket& socket, net::Instant now);
    void keep_ahead(net::Instant now);
    std::size_t contexts_ready(net::Instant now) const;
    bool outlived(const ContextSocket& socket, net::Instant now) const;
    net::Instant renew_at(const ContextSocket& socket) const { return socket.idle_since() + options_.idle_max * 7 / 8; }
    void wake_by(net::Instant when);

    net::EventLoop& loop_;
    const Options options_;
    std::minstd_rand random_{std::random_device{}()};
    net::Instant used_at_;
    int failures_ = 0;           // in a row
    net::Instant not_before_{};  // opens nothing ahead
    std::uint64_t opened_ = 0;
    std::vector<std::unique_ptr<ContextSocket>> sockets_;
    net::Timer tending_;  // sockets are opened ahead and destroyed from here only, never under a callback of theirs
};

}  // namespace gateway
