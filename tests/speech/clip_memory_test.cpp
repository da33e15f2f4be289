#include "speech/clip_memory.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace {

using namespace speech;

ClipKey key_of(std::string text, std::string voice = "v") {
    return {"p", Secret{std::move(text)}, Voice{.id = std::move(voice)}};
}
audio::Clip clip_of(std::size_t bytes) {
    return audio::Clip(std::vector<std::byte>(bytes));
}

TEST(ClipKey, differs_with_everything_the_sound_depends_on) {
    std::vector<ClipKey> keys(9, key_of("text"));
    keys[1].provider = "q";
    keys[2].text = Secret{"other"};
    keys[3].voice.id = "w";
    keys[4].voice.model = "m";
    keys[5].voice.language = "de";
    keys[6].voice.settings.stability = 0.50001;
    keys[7].voice.settings.use_speaker_boost = false;
    keys[8].voice.settings.speed = 1.1;
    std::set<std::string> names;
    for (const ClipKey& key : keys) names.insert(key.canonical().reveal());
    EXPECT_EQ(names.size(), keys.size());
}

TEST(ClipKey, does_not_mix_up_where_one_part_ends_and_the_next_begins) {
    ClipKey a = key_of("x"), b = key_of("x");
    a.voice.id = "1:ab;";
    b.voice.id = "1:a";
    b.voice.model = "b;";
    EXPECT_NE(a.canonical(), b.canonical());
}

TEST(ClipMemory, drops_the_least_recently_used_when_full) {
    ClipMemory memory({.bytes_max = 3500});
    for (const char* text : {"a", "b", "c"}) memory.put(key_of(text), clip_of(1000));
    EXPECT_TRUE(memory.find(key_of("a")));
    memory.put(key_of("d"), clip_of(1000));
    EXPECT_FALSE(memory.find(key_of("b")));
    EXPECT_TRUE(memory.find(key_of("a")));
    EXPECT_TRUE(memory.find(key_of("d")));
    EXPECT_LE(memory.figures().bytes, 3500U);
    EXPECT_EQ(memory.figures().evicted, 1U);
}

TEST(ClipMemory, keeps_what_is_asked_after_without_counting_a_hit) {
    ClipMemory memory({.bytes_max = 3500});
    for (const char* text : {"a", "b", "c"}) memory.put(key_of(text), clip_of(1000));
    EXPECT_TRUE(memory.keep(key_of("a").canonical()));
    EXPECT_FALSE(memory.keep(key_of("x").canonical()));
    memory.put(key_of("d"), clip_of(1000));
    EXPECT_TRUE(memory.has(key_of("a")));
    EXPECT_FALSE(memory.has(key_of("b")));
    EXPECT_EQ(memory.figures().hits + memory.figures().misses, 0U);
}

TEST(ClipMemory, keeps_neither_empty_nor_oversized_clips) {
    ClipMemory memory({.bytes_max = 10'000, .clip_bytes_max = 2000});
    memory.put(key_of("empty"), clip_of(0));
    memory.put(key_of("long"), clip_of(2001));
    EXPECT_EQ(memory.figures().clips, 0U);
}

TEST(ClipMemory, counts_a_replaced_clip_once) {
    ClipMemory memory({});
    memory.put(key_of("a"), clip_of(1000));
    const std::size_t once = memory.figures().bytes;
    memory.put(key_of("a"), clip_of(1000));
    EXPECT_EQ(memory.figures().bytes, once);
    memory.purge();
    EXPECT_EQ(memory.figures().bytes, 0U);
    EXPECT_FALSE(memory.find(key_of("a")));
}

TEST(ClipMemory, is_shared_by_threads) {
    ClipMemory memory({.bytes_max = 20'000});
    std::vector<std::jthread> loops;
    for (int loop = 0; loop < 4; ++loop) {
        loops.emplace_back([&memory, loop] {
            for (int i = 0; i < 2000; ++i) {
                const ClipKey key = key_of(std::to_string((i * 7 + loop) % 40));
                if (!memory.find(key)) memory.put(key, clip_of(1000));
            }
        });
    }
    loops.clear();
    EXPECT_EQ(memory.figures().hits + memory.figures().misses, 8000U);
    EXPECT_LE(memory.figures().bytes, 20'000U);
}

}  // namespace
