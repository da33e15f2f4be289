// The media path must not allocate in the steady state. Every `new` of this test program is counted.

#include "call/stream_session.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace call {
namespace {

using namespace std::chrono_literals;

constexpr Instant opened{std::chrono::hours{1}};

StreamSession talking(audio::Clip clip) {
    StreamSession session({}, opened);
    session.on(twilio::Started{.stream_sid = "MZ1",
                               .call_sid = "CA1",
                               .account_sid = "AC1",
                               .encoding = "audio/x-mulaw",
                               .custom_parameters = {}},
               opened);
    session.next_action();
    CallPlan plan;
    plan.speech.text = Secret("Hello.");
    session.on_authorised(plan, opened);
    session.next_action();
    session.on_audio(std::move(clip), opened);
    while (session.next_action()) continue;
    return session;
}

TEST(Allocation, is_counted_here) {
    const auto before = allocations;
    delete new int(1);  // NOLINT: an optimiser may drop the pair, the vector below not
    std::vector<int> numbers(static_cast<std::size_t>(before % 7 + 1000));
    EXPECT_GT(allocations, before) << numbers.size();
}

TEST(Allocation, sending_audio_and_marks_makes_none) {
    auto session = talking(audio::Clip(std::vector<std::byte>(60 * 8000)));
    const auto before = allocations;
    auto sent = session.totals().sent;
    for (auto now = opened; now < opened + 50s; now += 20ms) {
        session.on_deadline(now);
        while (session.next_action()) continue;
    }
    EXPECT_GT(session.totals().sent, sent + 45s);
    EXPECT_EQ(allocations, before);
}

TEST(Allocation, gathering_small_chunks_makes_none_per_message) {
    Playout playout({});
    for (int i = 0; i < 1000; ++i) playout.push(audio::Clip(std::vector<std::byte>(333)));
    playout.next(opened);
    const auto before = allocations;
    std::size_t messages = 0;
    for (auto now = opened; now < opened + 30s; now += 20ms)
        while (!playout.next(now).empty()) ++messages;
    EXPECT_GT(messages, 70U);
    EXPECT_EQ(allocations, before);
}

TEST(Allocation, hearing_the_caller_makes_none) {
    auto session = talking(audio::Clip(std::vector<std::byte>(60 * 8000)));
    const std::string payload(216, 'A');
    const twilio::InboundMessage message =
        twilio::Media{.stream_sid = "MZ1", .track = "inbound", .payload_base64 = payload};
    const auto before = allocations;
    for (auto now = opened; now < opened + 50s; now += 20ms) {
        session.on(message, now);
        while (session.next_action()) continue;
    }
    EXPECT_EQ(session.totals().media_in, 2500U);
    EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace call
