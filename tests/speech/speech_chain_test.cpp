#include "speech/speech_chain.hpp"

#include "speech/scripted_source.hpp"

#include <deque>
#include <stdexcept>

namespace {

using namespace speech;
using namespace speech::testing;
using namespace std::chrono_literals;
using Kind = Failure::Kind;

constexpr std::byte from_socket{1}, from_http{2}, from_local{3}, sorry{4}, from_plain{5};

class SpeechChainTest : public ::testing::Test {
protected:
    SpeechChainTest() {
        Parts parts{.timers = timers, .account = "elevenlabs"};
        parts.remotes.push_back({"socket", make(socket, from_socket)});
        parts.remotes.push_back({"http", make(http, from_http)});
        parts.locals.push_back({"pleasant", make(local, from_local)});
        parts.locals.push_back({"plain", make(plain, from_plain)});
        parts.apology = audio::Clip(std::vector<std::byte>(8000, sorry));
        parts.memory = &memory;
        parts.governor = &governor;
        parts.ladder.standard_voice_id = "standard";
        parts.ladder.standard_model = "model";
        parts.breaker.failures_max = 3;
        chain = make_chain(std::move(parts));
    }
    std::unique_ptr<SpeechSource> make(ScriptedSource*& source, std::byte filling) {
        auto made = std::make_unique<ScriptedSource>(
            timers, [](const Request&) { return says_it(); },
            [filling](const Request& r) { return audio_of(r, filling); });
        source = made.get();
        return made;
    }
    static void fail(ScriptedSource& source, Failure failure) {
        source.script = [failure](const Request&) { return Script{{10ms, Step::Does::fail, 0, failure}}; };
    }
    std::byte hear(std::string text) {
        RecordingListener listener(timers);
        const auto utterance = chain->say(request_for(std::move(text), ""), listener);
        timers.run();
        EXPECT_TRUE(listener.finished);
        return listener.bytes == 0 ? std::byte{0} : listener.heard().front();
    }

    ManualTimers timers;
    ScriptedSource *socket = nullptr, *http = nullptr, *local = nullptr, *plain = nullptr;
    ClipMemory memory{{}};
    RequestSlots slots{{.requests_max = 2}};
    std::vector<std::unique_ptr<Timers::Timer>> posted;
    Governor governor{slots, timers,
                      [this](std::function<void()> work) { posted.push_back(timers.after(0ms, std::move(work))); }};
    std::unique_ptr<SpeechChain> chain;
};

const std::string text = "Good morning, this is a test of it all.";

TEST_F(SpeechChainTest, needs_at_least_one_voice) {
    EXPECT_THROW(make_chain(Parts{.timers = timers}), std::invalid_argument);
}

TEST_F(SpeechChainTest, is_the_local_voice_alone_when_nothing_else_is_configured) {
    ScriptedSource* only = nullptr;
    Parts parts{.timers = timers};
    parts.locals.push_back({"flite", make(only, from_local)});
    chain = make_chain(std::move(parts));
    EXPECT_EQ(hear(text), from_local);
}

TEST_F(SpeechChainTest, has_at_hand_what_can_be_said_without_asking_anybody) {
    const std::string longer = text + " And this is a second sentence of it.";
    EXPECT_FALSE(chain->at_hand(request_for(longer, "")));
    EXPECT_EQ(hear(text), from_socket);
    EXPECT_TRUE(chain->at_hand(request_for(text, "")));
    EXPECT_FALSE(chain->at_hand(request_for(longer, ""))) << "its second sentence is missing";
    EXPECT_FALSE(chain->at_hand(request_for(text, "another voice")));
    EXPECT_TRUE(chain->at_hand(request_for(text, "standard"))) << "which the empty one means";
    Request faster = request_for(text, "");
    faster.voice.settings.speed = 1.1;
    EXPECT_FALSE(chain->at_hand(faster));
    hear(longer);
    const auto asked = socket->requests.size() + http->requests.size() + local->requests.size();
    EXPECT_TRUE(chain->at_hand(request_for(longer, "")));
    EXPECT_EQ(hear(longer), from_socket);
    EXPECT_EQ(socket->requests.size() + http->requests.size() + local->requests.size(), asked);
    memory.purge();
    EXPECT_FALSE(chain->at_hand(request_for(longer, "")));
}

TEST_F(SpeechChainTest, has_nothing_at_hand_in_the_name_of_a_voice_that_did_not_say_it) {
    fail(*socket, {Kind::unavailable, "down"});
    fail(*http, {Kind::unavailable, "down"});
    EXPECT_EQ(hear(text), from_local);
    EXPECT_FALSE(chain->at_hand(request_for(text, "")));
}

TEST_F(SpeechChainTest, asks_once_for_many_and_never_again) {
    std::deque<RecordingListener> listeners;
    std::vector<std::unique_ptr<Utterance>> utterances;
    for (int i = 0; i < 100; ++i)
        utterances.push_back(chain->say(request_for(text, ""), listeners.emplace_back(timers)));
    timers.run();
    for (const auto& listener : listeners) EXPECT_TRUE(listener.finished);
    hear(text);
    EXPECT_EQ(socket->requests.size(), 1U);
}

TEST_F(SpeechChainTest, names_voice_and_model_below_so_that_the_cache_knows_them) {
    hear(text);
    EXPECT_EQ(socket->requests[0].voice.id, "standard");
    EXPECT_EQ(socket->requests[0].voice.model, "model");
    EXPECT_TRUE(memory.find({"elevenlabs", Secret{text}, Voice{.id = "standard", .model = "model"}}));
}

TEST_F(SpeechChainTest, never_stores_a_fallback_voice_as_the_real_one) {
    fail(*socket, {Kind::unavailable, "down"});
    fail(*http, {Kind::unavailable, "down"});
    EXPECT_EQ(hear(text), from_local);
    socket->script = [](const Request&) { return says_it(); };
    EXPECT_EQ(hear(text), from_socket);
}

TEST_F(SpeechChainTest, plays_from_the_cache_while_the_provider_is_down_and_the_plan_is_used_up) {
    hear(text);
    fail(*socket, {Kind::refused, "invalid_api_key", Failure::Scope::account});
    hear("Something else that must be asked for, and is refused.");
    ASSERT_EQ(chain->circuits()[0].state, Breaker::State::open);
    EXPECT_EQ(hear(text), from_socket);
}

TEST_F(SpeechChainTest, shares_the_cache_between_the_ways_to_one_account) {
    fail(*socket, {Kind::unavailable, "down"});
    EXPECT_EQ(hear(text), from_http);
    EXPECT_EQ(hear(text), from_http);
    EXPECT_EQ(http->requests.size(), 1U);
}

TEST_F(SpeechChainTest, stops_waiting_for_a_source_that_hangs_after_a_few_calls) {
    socket->script = [](const Request&) { return hangs(); };
    for (int i = 0; i < 3; ++i) hear(text + std::to_string(i));
    const std::size_t asked = socket->requests.size();
    RecordingListener listener(timers);
    const auto utterance = chain->say(request_for(text, ""), listener);
    timers.advance(210ms);
    EXPECT_EQ(listener.bytes, text.size() * letter_bytes);  // HTTP's own 200 ms, and no wait before
    EXPECT_EQ(socket->requests.size(), asked);
}

TEST_F(SpeechChainTest, keeps_within_the_plan_over_all_its_ways) {
    std::deque<RecordingListener> listeners;
    std::vector<std::unique_ptr<Utterance>> utterances;
    for (int i = 0; i < 10; ++i) {
        utterances.push_back(chain->say(request_for(text + std::to_string(i), ""), listeners.emplace_back(timers)));
    }
    timers.run();
    EXPECT_LE(socket->live_max + http->live_max, 2 * 2);
    EXPECT_LE(socket->live_max, 2);
    for (const auto& listener : listeners) EXPECT_TRUE(listener.finished);
}

TEST_F(SpeechChainTest, speaks_plainly_when_the_pleasant_voice_has_no_time) {
    for (ScriptedSource* source : {socket, http}) fail(*source, {Kind::refused, "quota", Failure::Scope::account});
    fail(*local, {Kind::busy, "voice late", Failure::Scope::source});
    EXPECT_EQ(hear(text), from_plain);
    EXPECT_EQ(local->requests.size(), 1U);
    local->script = [](const Request&) { return says_it(); };
    EXPECT_EQ(hear(text), from_local) << "the plain voice is not kept under the other's name";
}

TEST_F(SpeechChainTest, stays_with_the_plain_voice_when_the_pleasant_one_was_late_twice) {
    for (ScriptedSource* source : {socket, http}) fail(*source, {Kind::refused, "quota", Failure::Scope::account});
    fail(*local, {Kind::busy, "voice late", Failure::Scope::source});
    const std::string second = " And this is what follows.", third = " It ends with a third sentence.";
    EXPECT_EQ(hear(text + second + third), from_plain);
    EXPECT_EQ(local->requests.size(), 2U);
    EXPECT_EQ(plain->requests.size(), 3U);
}

TEST_F(SpeechChainTest, waits_long_for_the_last_voice_and_not_for_the_one_before_it) {
    for (ScriptedSource* source : {socket, http}) fail(*source, {Kind::refused, "quota", Failure::Scope::account});
    local->script = [](const Request&) { return hangs(); };
    plain->script = [](const Request&) { return Script{audio_after(19s), finish_after(1ms)}; };
    EXPECT_EQ(hear(text), from_plain);
}

TEST_F(SpeechChainTest, apologises_when_all_is_lost) {
    for (ScriptedSource* source : {socket, http, local, plain}) fail(*source, {Kind::unavailable, "down"});
    EXPECT_EQ(hear(text), sorry);
    EXPECT_EQ(timers.waiting(), 0U);
}

}  // namespace
