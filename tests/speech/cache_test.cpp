#include "speech/cache.hpp"

#include "speech/scripted_source.hpp"

#include <map>

namespace {

using namespace speech;
using namespace speech::testing;
using namespace std::chrono_literals;

// A store as a disk would be: it answers later.
class SlowStore final : public ClipStore {
public:
    explicit SlowStore(Timers& timers) : timers_(timers) {}
    std::unique_ptr<Lookup> find(const ClipKey& key, Found found) override {
        std::optional<audio::Clip> clip;
        if (const auto at = clips.find(key.canonical().reveal()); at != clips.end()) clip = at->second;
        return std::make_unique<Waiting>(timers_.after(5ms, [clip, found] { found(clip); }));
    }
    void put(const ClipKey& key, audio::Clip clip) override { clips[key.canonical().reveal()] = std::move(clip); }
    void forgo(const ClipKey& key) override { forgone.push_back(key.text.reveal()); }
    void purge() override { clips.clear(); }
    std::map<std::string, audio::Clip> clips;
    std::vector<std::string> forgone;

private:
    struct Waiting final : Lookup {
        explicit Waiting(std::unique_ptr<Timers::Timer> t) : timer(std::move(t)) {}
        std::unique_ptr<Timers::Timer> timer;
    };
    Timers& timers_;
};

class CachedSourceTest : public ::testing::Test {
protected:
    RecordingListener ask(CachedSource& asked, std::string text = "Hello.") {
        RecordingListener listener(timers);
        const auto utterance = asked.say(request_for(std::move(text)), listener);
        EXPECT_TRUE(listener.clips.empty());
        timers.run();
        return listener;
    }

    ManualTimers timers;
    ScriptedSource source{
        timers, [](const Request&) { return Script{audio_after(100ms, 77), audio_after(0ms), finish_after(10ms)}; },
        [](const Request& request) {
            std::vector<std::byte> wave(request.text.reveal().size() * letter_bytes);
            for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = static_cast<std::byte>(i * 13);
            return audio::Clip(std::move(wave));
        }};
    ClipMemory memory{{}};
    SlowStore disk{timers};
    CachedSource cached{"provider", memory, nullptr, source, timers};
    CachedSource with_disk{"provider", memory, &disk, source, timers};
};

TEST_F(CachedSourceTest, plays_the_second_time_the_same_bytes_without_a_request) {
    const auto first = ask(cached), second = ask(cached);
    EXPECT_EQ(source.requests.size(), 1U);
    EXPECT_TRUE(second.finished);
    EXPECT_EQ(second.heard(), first.heard());
    EXPECT_EQ(memory.figures().hits, 1U);
    EXPECT_EQ(memory.figures().misses, 1U);
}

TEST_F(CachedSourceTest, shares_one_copy_between_all_who_hear_it) {
    ask(cached);
    EXPECT_EQ(ask(cached).clips[0].second.bytes().data(), ask(cached).clips[0].second.bytes().data());
}

TEST_F(CachedSourceTest, hands_a_first_request_over_as_it_arrives) {
    RecordingListener listener(timers);
    const auto utterance = cached.say(request_for("Hello."), listener);
    timers.advance(100ms);
    EXPECT_EQ(listener.clips[0].second.size(), 77U);
    EXPECT_FALSE(listener.finished);
}

TEST_F(CachedSourceTest, never_keeps_what_failed_or_was_cancelled_or_is_empty) {
    source.script = [](const Request&) {
        return Script{audio_after(10ms, 500), fail_after(10ms, Failure::Kind::unavailable)};
    };
    ask(cached);
    source.script = [](const Request&) { return Script{finish_after(10ms)}; };
    ask(cached);
    source.script = [](const Request&) { return Script{audio_after(10ms), finish_after(10ms)}; };
    {
        RecordingListener listener(timers);
        const auto utterance = cached.say(request_for("Hello."), listener);
        timers.advance(15ms);
        EXPECT_GT(listener.bytes, 0U);
    }
    EXPECT_EQ(memory.figures().clips, 0U);
}

TEST_F(CachedSourceTest, tells_the_store_what_it_did_not_have_and_is_not_made_after_all) {
    ask(with_disk, "Kept.");
    ask(with_disk, "Kept.");
    EXPECT_TRUE(disk.forgone.empty());
    source.script = [](const Request&) { return Script{fail_after(10ms, Failure::Kind::unavailable)}; };
    ask(with_disk, "Failed.");
    {
        RecordingListener listener(timers);
        const auto looking = with_disk.say(request_for("Let go while it is looked for."), listener);
    }
    EXPECT_EQ(disk.forgone, std::vector<std::string>{"Failed."});
}

TEST_F(CachedSourceTest, never_keeps_the_beginning_of_a_sentence_that_its_source_calls_the_whole) {
    const std::string sentence = "A whole sentence that nobody says in a tenth of a second.";
    source.script = [](const Request&) { return Script{audio_after(10ms, 800), finish_after(10ms)}; };
    EXPECT_EQ(ask(cached, sentence).bytes, 800U);
    source.script = [](const Request&) { return says_it(); };
    EXPECT_EQ(ask(cached, sentence).bytes, sentence.size() * letter_bytes);
    EXPECT_EQ(source.requests.size(), 2U);
    ask(cached, sentence);
    EXPECT_EQ(source.requests.size(), 2U) << "the whole one is kept";
}

TEST_F(CachedSourceTest, never_keeps_silence_for_speech) {
    const std::string text = "Good morning to you all.";
    for (const std::size_t silent_from : {std::size_t{0}, std::size_t{2'000}}) {
        ScriptedSource mute{timers, [](const Request&) { return says_it(); },
                            [silent_from](const Request& request) {
                                const auto bytes = request.text.reveal().size() * letter_bytes;
                                std::vector<std::byte> wave(bytes, std::byte{0xFF});
                                std::fill_n(wave.begin(), std::min(silent_from, bytes), std::byte{0x30});
                                return audio::Clip(std::move(wave));
                            }};
        CachedSource above{"mute", memory, &disk, mute, timers};
        EXPECT_TRUE(ask(above, text).finished);
        EXPECT_TRUE(ask(above, text).finished);
        EXPECT_EQ(mute.requests.size(), 2U);
        EXPECT_TRUE(ask(above, "...").finished);
        EXPECT_TRUE(ask(above, "...").finished);
        EXPECT_EQ(mute.requests.size(), 3U) << "a text without a word sounds like that";
        memory.purge();
        disk.purge();
    }
}

TEST_F(CachedSourceTest, passes_on_what_is_too_long_to_keep) {
    ClipMemory small({.clip_bytes_max = 100});
    CachedSource barely{"provider", small, nullptr, source, timers};
    EXPECT_EQ(ask(barely).bytes, 6 * letter_bytes);
    EXPECT_EQ(small.figures().clips, 0U);
}

TEST_F(CachedSourceTest, finds_on_disk_what_memory_has_lost) {
    const auto first = ask(with_disk);
    memory.purge();
    const auto second = ask(with_disk);
    EXPECT_EQ(source.requests.size(), 1U);
    EXPECT_TRUE(second.finished);
    EXPECT_EQ(second.heard(), first.heard());
    EXPECT_EQ(memory.figures().clips, 1U);  // back in memory
}

TEST_F(CachedSourceTest, may_be_cancelled_while_the_disk_is_read) {
    ask(with_disk);
    memory.purge();
    RecordingListener listener(timers);
    auto utterance = with_disk.say(request_for("Hello."), listener);
    utterance.reset();
    timers.run();
    EXPECT_TRUE(listener.clips.empty());
    EXPECT_EQ(timers.waiting(), 0U);
}

TEST_F(CachedSourceTest, may_be_destroyed_from_inside_its_callbacks) {
    ask(with_disk);
    for (const bool from_disk : {false, true}) {
        if (from_disk) memory.purge();
        RecordingListener listener(timers);
        std::unique_ptr<Utterance> utterance;
        listener.when_audio = [&] { utterance.reset(); };
        utterance = with_disk.say(request_for("Hello."), listener);
        timers.run();
        EXPECT_EQ(listener.clips.size(), 1U);
        EXPECT_FALSE(listener.finished);
    }
}

TEST_F(CachedSourceTest, passes_the_need_on_when_the_source_is_asked_at_last) {
    RecordingListener listener(timers);
    const auto utterance = with_disk.say(request_for("Hello."), listener);
    const Instant need = timers.now() + 3s;
    utterance->needed_by(need);
    timers.run();
    EXPECT_EQ(source.needs, std::vector<Instant>{need});
}

TEST_F(CachedSourceTest, keeps_providers_apart) {
    ask(cached);
    CachedSource other{"other", memory, nullptr, source, timers};
    ask(other);
    EXPECT_EQ(source.requests.size(), 2U);
}

}  // namespace
