#pragma once
// One spoken HTTP answer of the stand-in on its way out: first byte after a delay, then chunks of irregular, often odd
// size, faster than real time, as recorded from the live service; or whatever the fault that struck makes of it.

#include "audio/clip.hpp"
#include "net/event_loop.hpp"
#include "net/http_server.hpp"
#include "simulator/standin_fault.hpp"
#include "simulator/standin_order.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace simulator {

struct AnswerPlan {
    std::shared_ptr<net::Exchange> exchange;
    SpeechOrder order;
    std::optional<ArmedFault> fault;
    std::chrono::milliseconds first_byte_after{225};
    std::uint32_t seed = 1;
    std::vector<std::pair<std::string, std::string>> headers;  // of a success
    std::function<void()> on_first_audio = [] {};              // its first 20 ms are being sent
};

class StandinAnswer {
public:
    // `done` is called once, when nothing more will be sent; it may destroy the answer only through the loop's
    // retire().
    StandinAnswer(net::EventLoop& loop, AnswerPlan plan, std::function<void()> done);
    ~StandinAnswer();

    void speech_made(audio::Clip clip);

private:
    void wake();
    void begin();
    bool strike_at_once();  // true: the fault leaves no audio to send
    void answer_whole();
    void send_next();
    bool send_chunk();  // false: no more, by a fault
    std::size_t next_chunk_bytes();
    std::chrono::microseconds pause_to_next_chunk();
    void strike();
    void hang();
    void finish();

    bool suffers(HttpEffect effect) const { return plan_.fault && plan_.fault->fault->http == effect; }

    net::EventLoop& loop_;
    AnswerPlan plan_;
    std::function<void()> done_;
    std::minstd_rand random_;
    net::Instant first_byte_at_;
    std::optional<audio::Clip> speech_;
    std::string body_;  // the speech in the format ordered
    std::size_t sent_ = 0, chunks_ = 0;
    bool begun_ = false, hanging_ = false;
    net::Timer wake_;
};

}  // namespace simulator
