#include "gateway/clip_file.hpp"

#include "tests/gateway/clip_fixture.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using gateway::clip_file_name;
using gateway::digest_of;
using test::clip_key;
using test::test_clip;

const auto key = digest_of(clip_key("Hello."));

std::vector<std::byte> whole_file(const audio::Clip& clip) {
    auto file = gateway::write_clip_header(key, clip);
    file.insert(file.end(), clip.bytes().begin(), clip.bytes().end());
    return file;
}

TEST(ClipFile, gives_back_the_bytes_it_was_made_of) {
    const auto clip = test_clip(8'001);
    const auto read = gateway::read_clip_file(key, whole_file(clip));
    ASSERT_TRUE(read);
    EXPECT_EQ(test::bytes_of(*read), test::bytes_of(clip));
}

TEST(ClipFile, is_refused_when_any_byte_of_it_has_changed) {
    const auto file = whole_file(test_clip(200));
    for (std::size_t i = 0; i < file.size(); ++i) {
        auto damaged = file;
        damaged[i] ^= std::byte{0x10};
        EXPECT_FALSE(gateway::read_clip_file(key, damaged)) << "byte " << i;
    }
}

TEST(ClipFile, is_refused_when_cut_anywhere_or_longer_than_it_says) {
    const auto file = whole_file(test_clip(200));
    for (std::size_t size = 0; size < file.size(); ++size) {
        EXPECT_FALSE(gateway::read_clip_file(key, {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}))
            << size;
    }
    auto longer = file;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(gateway::read_clip_file(key, longer));
}

TEST(ClipFile, is_refused_under_the_name_of_another) {
    EXPECT_FALSE(gateway::read_clip_file(digest_of(clip_key("Good bye.")), whole_file(test_clip(200))));
}

TEST(ClipFile, has_a_name_that_depends_on_everything_the_sound_depends_on) {
    std::set<std::string> names;
    const auto base = clip_key("Hello.");
    auto add = [&](auto&& change) {
        auto changed = base;
        change(changed);
        names.insert(clip_file_name(digest_of(changed)));
    };
    add([](auto&) {});
    add([](auto& k) { k.text = Secret("Hello!"); });
    add([](auto& k) { k.provider = "embedded_voice"; });
    add([](auto& k) { k.voice.id = "voice-2"; });
    add([](auto& k) { k.voice.model = "other"; });
    add([](auto& k) { k.voice.language = "de"; });
    add([](auto& k) { k.voice.settings.speed = 1.1; });
    EXPECT_EQ(names.size(), 7u);
    EXPECT_TRUE(names.contains(clip_file_name(digest_of(clip_key("Hello.")))));
}

// The names of files that are there already must go on meaning the same.
TEST(ClipFile, has_the_name_it_always_had) {
    EXPECT_EQ(clip_file_name(digest_of(clip_key("Hello."))),
              "e738f77712d907c980e3c25482aca80738300f52dbe70aa5eab99cda7377d4b4.clip");
}

TEST(ClipFile, knows_its_names_from_others) {
    const std::string name = clip_file_name(key);
    EXPECT_TRUE(gateway::is_clip_file_name(name));
    EXPECT_FALSE(gateway::is_clip_file_name(name.substr(1)));
    EXPECT_FALSE(gateway::is_clip_file_name("G" + name.substr(1)));
    EXPECT_FALSE(gateway::is_clip_file_name("holiday.jpg"));
    EXPECT_FALSE(gateway::is_clip_file_name(""));
}

}  // namespace
