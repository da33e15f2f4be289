// A call in the steady state allocates nothing, from the socket to the socket: neither for a caller frame nor for a
// message of audio. Every `new` of this thread is counted, and the whole server runs on it.

#include "encoding/base64.hpp"
#include "gateway/media_stream.hpp"
#include "gateway/routes.hpp"
#include "net/http_server.hpp"
#include "websocket/codec.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <netinet/in.h>
#include <new>
#include <sys/socket.h>
#include <unistd.h>

namespace {

thread_local std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

using namespace std::chrono_literals;

gateway::Options options_with(call::CallerAudio caller_audio) {
    gateway::Options options;
    options.threads = 1;
    options.voice.id = "kal";
    for (int i = 0; i < 20; ++i)
        options.greeting += "These words are there to take a while until all of them are said. ";
    options.session.caller_audio = caller_audio;
    options.session.playout.lead = 200ms;  // a message every 100 ms
    options.session.playout.message = 100ms;
    options.session.mark_interval = 100ms;
    return options;
}

// The server's loop, turned by the test, and a raw socket that plays Twilio.
class MediaAllocation : public testing::TestWithParam<call::CallerAudio> {
protected:
    MediaAllocation() : frame_(one_frame()) {
        EXPECT_TRUE(server_.listen(0));
        twilio_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(server_.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(twilio_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    ~MediaAllocation() override { ::close(twilio_); }

    void send(std::string_view bytes) {
        ASSERT_EQ(::send(twilio_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    void send_message(std::string_view json) {
        std::string frame;
        websocket::append_frame(frame, websocket::Opcode::text, json, 0x12345678U);
        send(frame);
    }
    void begin_call() {
        send(
            "GET /api/v1/elevenlabs-twilio/call/connection HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        turn_until([&] { return received_ > 0; });
        send_message(R"({"event":"start","start":{"callSid":"CA1","streamSid":"MZ1"}})");
        turn_until([&] { return loop().stream_of("CA1") != nullptr; });
    }

    // Lets the server work, takes what it sends, and sends a frame every 20 ms.
    void talk_for(std::chrono::milliseconds time) {
        for (const auto end = net::Clock::now() + time; net::Clock::now() < end;) {
            send(frame_);
            turn(20ms);
        }
    }
    template <class Condition>
    void turn_until(Condition condition) {
        const auto limit = net::Clock::now() + 60s;
        while (!condition()) {
            ASSERT_LT(net::Clock::now(), limit);
            turn(1ms);
        }
    }
    void turn(std::chrono::milliseconds time) {
        for (const auto end = net::Clock::now() + time; net::Clock::now() < end;) {
            loop().events.turn(end);
            const ssize_t size = ::recv(twilio_, buffer_, sizeof buffer_, MSG_DONTWAIT);
            if (size > 0) received_ += static_cast<std::size_t>(size);
        }
    }

    call::Totals totals() { return loop().stream_of("CA1")->session()->totals(); }
    gateway::LoopServices& loop() { return *switchboard_.loops.front(); }

private:
    static std::string one_frame() {
        std::string frame;
        const std::string payload = encoding::to_base64(std::vector<std::byte>(160, std::byte{0x55}));
        websocket::append_frame(frame, websocket::Opcode::text,
                                R"({"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1",)"
                                R"("timestamp":"155","payload":")" +
                                    payload + R"("},"streamSid":"MZ1"})",
                                0x12345678U);
        return frame;
    }

    gateway::Switchboard switchboard_{options_with(GetParam())};
    gateway::Routes routes_{loop()};
    net::HttpServer server_{loop().events,
                            {.host = "127.0.0.1", .limits = {}},
                            [this](const std::shared_ptr<net::Exchange>& exchange) { routes_.handle(exchange); }};
    const std::string frame_;
    int twilio_ = -1;
    std::size_t received_ = 0;
    char buffer_[64 * 1024];
};

TEST_P(MediaAllocation, is_none_for_frames_in_and_messages_out) {
    begin_call();
    // Until the voice has said all it has to say to us; how long that takes is the machine's affair.
    std::size_t before = 0;
    for (int tries = 0; tries < 40 && allocations != std::exchange(before, allocations); ++tries) talk_for(500ms);

    const auto totals_before = totals();
    before = allocations;
    talk_for(1s);
    const std::size_t made = allocations - before;
    EXPECT_EQ(made, 0u);
    EXPECT_GT(totals().media_in, totals_before.media_in + 20);
    EXPECT_GT(totals().sent, totals_before.sent + 500ms);
}

INSTANTIATE_TEST_SUITE_P(IgnoredAndHeard, MediaAllocation,
                         testing::Values(call::CallerAudio::ignore, call::CallerAudio::level),
                         [](const auto& use) { return use.param == call::CallerAudio::level ? "heard" : "ignored"; });

TEST(MediaAllocationCount, counts) {
    const auto before = allocations;
    const auto made = std::make_unique<std::vector<int>>(100);
    EXPECT_GE(allocations, before + 2) << made->size();
}

}  // namespace
