#pragma once
// One WebSocket to ElevenLabs that speaks several texts at once, each in a context of its own (see
// elevenlabs/stream_input). Its contexts may begin while it is still connecting. When it breaks, they all fail; it does
// not come back: the next one takes its place.
//
//   connecting --101--> open --close()--> closing --> ended
//       `-------------------- broken -----------------^

#include "audio/clip_joiner.hpp"
#include "elevenlabs/stream_input.hpp"
#include "net/websocket.hpp"
#include "net/websocket_client.hpp"
#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

class ContextSocket final : private net::WebSocket::Handler {
public:
    struct Options {
        // With contexts that wait and without a byte for so long, it may be half dead: others take the new contexts.
        std::chrono::milliseconds silence_max{1'000};
        // A cancelled context is closed when its first audio comes, as any other; at the latest after this.
        std::chrono::milliseconds cancelled_silence_max{3'000};
        // Its `isFinal` must have come by then. Otherwise its place is lost, and the socket ends with its last
        // listener.
        std::chrono::milliseconds cancelled_final_max{10'000};
        std::size_t audio_bytes_max = 16u << 20;  // of one context: 35 minutes
    };

    // Told from inside the socket's callbacks, where it must not be destroyed.
    class Owner {
    public:
        virtual void on_spoke(const ContextSocket& socket) = 0;  // audio came, so key, voice and way are good
        virtual void on_broke(const ContextSocket& socket, const speech::Failure& failure) = 0;  // at most once
        virtual void on_change() = 0;  // it opened or ended, a context ended or was cancelled

    protected:
        ~Owner() = default;
    };

    // Connects at once. `loop`, `options` and `owner` must outlive this, and this must outlive its Utterances.
    ContextSocket(net::EventLoop& loop, const Options& options, elevenlabs::SocketVoice voice,
                  net::WebSocketTarget target, Owner& owner);

    // Only while takes_contexts().
    std::unique_ptr<speech::Utterance> say(const elevenlabs::SpeechRequest& request, speech::Listener& listener);
    // Ends it politely. Only while nobody listens.
    void close();
    // Does what has become due. Returns when to ask again.
    std::optional<net::Instant> tend(net::Instant now);

    const elevenlabs::SocketVoice& voice() const { return voice_; }
    bool connecting() const { return state_ == State::connecting; }
    bool ended() const { return state_ == State::ended; }
    bool usable() const { return state_ <= State::open && !retired_; }
    bool idle() const { return contexts_.empty(); }
    net::Instant idle_since() const { return idle_since_; }  // while idle()
    std::size_t contexts() const { return contexts_.size(); }
    bool takes_contexts(net::Instant now) const;

private:
    enum class State { connecting, open, closing, ended };
    class SocketUtterance;
    struct Context {
        std::string id;
        SocketUtterance* utterance;  // null: cancelled, nobody listens
        speech::Listener* listener;
        net::Instant asked_at, cancelled_at{};
        std::string opening;  // the messages, until they are sent
        Secret text;
        std::size_t audio_bytes = 0;
        audio::ClipJoiner joiner{};
        std::chrono::milliseconds speaks_until{0};  // as far as the server has told
        bool close_sent = false;
    };
    using Contexts = std::vector<Context>;  // oldest first
    static std::optional<speech::Failure> fault_of_final(const Context& context);

    void on_connected(std::expected<net::WebSocketConnector::Opened, net::WebSocketRefusal> result);
    void on_text(std::string_view text) override;
    void on_binary(std::span<const char> bytes) override;
    void on_closed(std::uint16_t code, std::string_view reason) override;

    Contexts::iterator find(std::string_view id);
    void speak(Context& context);
    void send_close(Context& context);
    void on_audio(Context& context, const elevenlabs::SocketFrame& frame);
    static void hand_over(Context& context, audio::Clip clip);
    void on_error(const elevenlabs::SocketFrame& frame);
    void cancel(std::string_view id);
    void end(Contexts::iterator context, std::optional<speech::Failure> failure);
    void break_off(const speech::Failure& failure);
    void fail_all(const speech::Failure& failure);
    bool has_listener() const;

    net::EventLoop& loop_;
    const Options& options_;
    const elevenlabs::SocketVoice voice_;
    Owner& owner_;
    State state_ = State::connecting;
    bool retired_ = false;  // takes no more contexts, and ends with its last listener
    bool broke_ = false;
    Contexts contexts_;
    std::uint64_t contexts_ever_ = 0;
    net::Instant heard_at_, idle_since_;
    std::unique_ptr<net::WebSocketConnector> connector_;
    std::unique_ptr<net::WebSocket> socket_;
};

}  // namespace gateway
