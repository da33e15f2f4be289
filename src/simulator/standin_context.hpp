#pragma once
// One voice context of the stand-in's WebSocket synthesis: pieces of text in, frames of audio out, in order, and at the
// end isFinal. The single-context socket has one of these, the multi-context socket up to five.

#include "audio/clip.hpp"
#include "net/event_loop.hpp"
#include "simulator/standin_fault.hpp"
#include "simulator/standin_speech.hpp"
#include "simulator/standin_text_buffer.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace simulator {

// What all sockets of a stand-in share: the voice, the faults, and the plan's limit.
class SpeechDesk {
public:
    virtual StandinSpeech& speech() = 0;
    // One generation begins; nullopt when the plan's limit of requests at once is reached.
    struct Admission {
        std::optional<ArmedFault> fault;
        std::size_t number = 0;  // of the request, in the log
    };
    virtual std::optional<Admission> admit(std::string_view text) = 0;
    virtual void audio_begins(std::size_t number) = 0;  // its first 20 ms are being sent
    virtual void generation_over() = 0;
    virtual std::chrono::milliseconds first_byte_after() const = 0;

protected:
    ~SpeechDesk() = default;
};

class StandinContext {
public:
    class Owner {
    public:
        virtual void send_frame(std::string_view json) = 0;
        virtual void strike(const Fault& fault) = 0;  // an effect that ends the whole socket
        virtual void finished(
            StandinContext& context) = 0;  // isFinal has been sent; may destroy the context only by retire()

    protected:
        ~Owner() = default;
    };

    struct Options {
        std::string voice_id, output_format;
        bool auto_mode = false, every_frame_aligned = false;
        std::optional<std::string> context_id;  // of the multi-context socket
        std::uint32_t seed = 1;
    };

    StandinContext(net::EventLoop& loop, SpeechDesk& desk, Owner& owner, Options options);
    ~StandinContext();

    StandinTextBuffer& buffer() { return buffer_; }
    void set_speed(double speed) { speed_ = speed; }
    void add(std::string_view text, bool now_if_possible);
    // Speaks the rest, then sends isFinal.
    void close();

    bool closing() const { return closing_; }
    const std::string& id() const { return id_; }

private:
    struct Generation {
        std::string text;
        std::optional<ArmedFault> fault;
        std::size_t number = 0;
        net::Instant first_frame_at;
        audio::Clip speech;
        std::size_t sent = 0, frames = 0;
    };

    void begin_next();
    void wake();
    void send_audio();
    void say(std::string_view audio, std::string_view alignment);
    bool suffers(SocketEffect effect) const;
    bool struck() const;
    bool strike();  // true: the fault leaves nothing to send
    std::size_t next_frame_bytes();
    std::string alignment() const;
    void generation_done();
    void send_final();

    net::EventLoop& loop_;
    SpeechDesk& desk_;
    Owner& owner_;
    Options options_;
    const std::string id_;
    std::minstd_rand random_;
    StandinTextBuffer buffer_;
    double speed_ = 1.0;
    std::deque<std::string> waiting_;
    std::optional<Generation> current_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool closing_ = false, stalled_ = false, final_sent_ = false;
    net::Timer wake_;
};

}  // namespace simulator
