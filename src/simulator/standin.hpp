#pragma once
// A stand-in for ElevenLabs on this machine: text-to-speech over HTTP and WebSocket, voices, models and subscription,
// with the status codes, bodies, headers and habits of the live service, and its failures on demand. It speaks real
// words.
//
//   GET  /standin/faults              the faults there are, and those switched on
//   POST /standin/faults {"fault":"stall_mid_body","after_bytes":4000,"times":2,"match_text":"hello"}
//   GET  /standin/log                 requests seen, oldest first, and counts
//   POST /standin/reset               no faults, empty log

#include "net/event_loop.hpp"
#include "net/http_server.hpp"
#include "simulator/standin_account.hpp"
#include "simulator/standin_answer.hpp"
#include "simulator/standin_fault.hpp"
#include "simulator/standin_socket.hpp"
#include "simulator/standin_speech.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace simulator {

struct StandinRequest {
    std::size_t number = 0;
    net::Instant asked{};
    std::optional<net::Instant> first_audio{};  // when its first 20 ms were sent: less cannot be played
    std::string method, target, peer, text, fault;
    int in_progress = 0;  // speech requests, this one included
};

class Standin : private SpeechDesk {
public:
    struct Options {
        std::string host = "127.0.0.1";
        std::uint16_t port = 0;  // 0: any free one
        StandinAccount account;
        std::chrono::milliseconds first_byte_after{225};
        std::uint32_t seed = 1;
    };

    Standin(net::EventLoop& loop, Options options);
    ~Standin();

    std::expected<void, std::string> listen() { return server_.listen(options_.port); }
    std::uint16_t port() const { return server_.port(); }

    FaultSwitches& faults() { return faults_; }
    StandinAccount& account() { return options_.account; }
    const std::deque<StandinRequest>& log() const { return log_; }
    // What the peers have done since the last reset.
    std::size_t speech_requests() const { return speech_requests_; }
    std::size_t open_sockets() const { return sockets_.size(); }
    std::size_t connections_seen() const { return peers_.size(); }
    int in_progress() const { return in_progress_; }
    int in_progress_most() const { return in_progress_most_; }
    void reset();

private:
    void handle(const std::shared_ptr<net::Exchange>& exchange);
    http::Response control(const http::Request& request);
    http::Response describe_faults() const;
    http::Response describe_log() const;
    void speak(const std::shared_ptr<net::Exchange>& exchange);
    void open_socket(const std::shared_ptr<net::Exchange>& exchange);
    void begin_answer(const std::shared_ptr<net::Exchange>& exchange, const SpeechOrder& order);
    void answer_done(std::size_t number);
    std::vector<std::pair<std::string, std::string>> success_headers(const SpeechOrder& order);
    StandinRequest& note(std::string method);

    StandinSpeech& speech() override { return speech_; }
    std::optional<Admission> admit(std::string_view text) override;
    void audio_begins(std::size_t number) override;
    void generation_over() override { --in_progress_; }
    std::chrono::milliseconds first_byte_after() const override { return options_.first_byte_after; }

    bool exceeds_plan();  // for one more; counted
    static constexpr std::size_t log_entries_max = 10'000;

    net::EventLoop& loop_;
    Options options_;
    FaultSwitches faults_;
    StandinSpeech speech_;
    std::mt19937 random_;
    const net::Instant began_;
    std::deque<StandinRequest> log_;
    std::set<std::string> peers_;
    std::size_t speech_requests_ = 0, over_plan_ = 0, next_number_ = 0, next_log_number_ = 0;
    int in_progress_ = 0, in_progress_most_ = 0;
    std::unordered_map<std::size_t, std::unique_ptr<StandinAnswer>> answers_;
    std::unordered_map<std::size_t, std::unique_ptr<StandinSocket>> sockets_;
    std::vector<std::unique_ptr<StandinSocket>> ended_sockets_;  // a socket cannot go while it calls us
    net::Timer sweep_;
    net::HttpServer server_;  // last: it stops before what its requests use
};

}  // namespace simulator
