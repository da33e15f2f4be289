#include "gateway/recorder.hpp"

#include "audio/mulaw.hpp"
#include "audio/wav.hpp"
#include "tests/gateway/clip_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <sys/resource.h>

namespace {

using namespace std::chrono_literals;
using gateway::Recorder;
using gateway::Recording;
using gateway::RecordingDirectory;
using gateway::RecordingState;

const std::string call_sid = "CA0123456789abcdef0123456789abcdef";
constexpr std::size_t head = audio::stereo_head_bytes;

call::RecordedBlock block(std::uint64_t first_frame, std::size_t frames, unsigned char left = 1,
                          unsigned char right = 2) {
    call::RecordedBlock made{.first_frame = first_frame, .mulaw_stereo = {}};
    for (std::size_t i = 0; i < frames; ++i) {
        made.mulaw_stereo.push_back(std::byte{left});
        made.mulaw_stereo.push_back(std::byte{right});
    }
    return made;
}

class RecorderTest : public testing::Test {
protected:
    Recorder::Options options(std::uint64_t bytes_max = 1u << 20) const {
        return {
            .directory = {.path = temporary / "recordings", .bytes_max = bytes_max, .keep_for = std::chrono::days(30)}};
    }
    std::vector<Recording> listed() const { return RecordingDirectory(options().directory).list(); }
    std::string content_of(const std::string& name, RecordingState state) const {
        std::ifstream file(temporary / "recordings" / gateway::recording_file_name(name, state), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // One that began so long ago.
    std::string put(std::chrono::hours ago, std::size_t frames, RecordingState state = RecordingState::whole) const {
        const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        RecordingDirectory directory(options().directory);
        EXPECT_TRUE(directory.open());
        auto file = directory.create(now - ago, call_sid);
        EXPECT_TRUE(file);
        EXPECT_TRUE(file->append(0, block(0, frames).mulaw_stereo));
        if (state != RecordingState::being_written) {
            EXPECT_TRUE(file->finish(state));
        }
        return file->name();
    }

    test::TemporaryDirectory temporary;
};

TEST_F(RecorderTest, keeps_what_it_was_given) {
    Recorder recorder(options());
    auto tape = recorder.begin(call_sid);
    tape->write(block(0, 8'000));
    tape->write(block(8'000, 800, 3, 4));
    recorder.settle();
    ASSERT_EQ(listed().size(), 1u);
    EXPECT_EQ(listed()[0].state, RecordingState::being_written);
    EXPECT_EQ(recorder.figures().active, 1u);
    tape->finish(0);
    recorder.settle();

    const auto all = listed();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].state, RecordingState::whole);
    EXPECT_EQ(all[0].call_sid, call_sid);
    EXPECT_EQ(all[0].length, 1'100ms);
    const std::string content = content_of(all[0].name, RecordingState::whole);
    ASSERT_EQ(content.size(), head + 8'800 * 2);
    EXPECT_EQ(content.substr(head, 4), "\x01\x02\x01\x02");
    EXPECT_EQ(content.substr(head + 16'000, 4), "\x03\x04\x03\x04");
    const auto expected = audio::write_stereo_head(8'800);
    EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(content)).first(head), expected));
    EXPECT_EQ(recorder.figures().whole, 1u);
    EXPECT_EQ(recorder.figures().active, 0u);
    EXPECT_EQ(recorder.figures().directory.bytes, content.size());
}

TEST_F(RecorderTest, what_is_being_written_has_a_head_that_fits_at_every_moment) {
    Recorder recorder(options());
    auto tape = recorder.begin(call_sid);
    for (std::uint64_t second = 0; second < 3; ++second) {
        tape->write(block(second * 8'000, 8'000));
        recorder.settle();
        const std::string content = content_of(listed().at(0).name, RecordingState::being_written);
        const auto expected = audio::write_stereo_head(static_cast<std::uint32_t>((second + 1) * 8'000));
        EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(content)).first(head), expected));
    }
}

TEST_F(RecorderTest, a_tape_that_is_let_go_of_is_cut) {
    Recorder recorder(options());
    recorder.begin(call_sid)->write(block(0, 800));
    recorder.settle();
    EXPECT_EQ(listed().at(0).state, RecordingState::cut);
    EXPECT_EQ(recorder.figures().cut, 1u);
}

TEST_F(RecorderTest, what_a_crash_left_behind_is_mended_and_called_cut) {
    const std::string name = put(1h, 8'000, RecordingState::being_written);
    const auto path = temporary / "recordings" / gateway::recording_file_name(name, RecordingState::being_written);
    std::ofstream(path, std::ios::binary | std::ios::app) << "abc";  // half of a block, behind the head's word
    const Recorder recorder(options());
    const auto all = listed();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].state, RecordingState::cut);
    const std::string content = content_of(name, RecordingState::cut);
    const auto expected = audio::write_stereo_head(8'001);
    EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(content)).first(head), expected));
}

TEST_F(RecorderTest, another_programs_unfinished_recording_is_left_alone) {
    const std::string name = put(1h, 800, RecordingState::being_written);
    const auto path = temporary / "recordings" / gateway::recording_file_name(name, RecordingState::being_written);
    const int other = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(other, LOCK_EX | LOCK_NB), 0);
    Recorder recorder(options());
    EXPECT_EQ(listed().at(0).state, RecordingState::being_written);
    RecordingDirectory directory(options().directory);
    EXPECT_EQ(directory.remove(name), RecordingDirectory::Removal::being_written);
    ::close(other);
}

TEST_F(RecorderTest, a_gap_is_filled_with_silence) {
    Recorder recorder(options());
    auto tape = recorder.begin(call_sid);
    tape->write(block(0, 100));
    tape->write(block(20'000, 100));
    tape->finish(0);
    recorder.settle();
    const std::string content = content_of(listed().at(0).name, RecordingState::whole);
    ASSERT_EQ(content.size(), head + 20'100 * 2);
    EXPECT_EQ(content.substr(head + 200, 39'800), std::string(39'800, '\xFF'));
}

TEST_F(RecorderTest, what_the_disk_does_not_take_in_time_is_counted_and_the_rest_keeps_its_place) {
    auto small = options();
    small.waiting_bytes_max = 16'000;
    Recorder recorder(small);
    auto tape = recorder.begin(call_sid);
    tape->write(block(0, 10'000));  // more than may wait
    EXPECT_EQ(recorder.figures().frames_dropped_in_queue, 10'000u);
    tape->write(block(10'000, 100));
    tape->finish(0);
    recorder.settle();
    const std::string content = content_of(listed().at(0).name, RecordingState::whole);
    ASSERT_EQ(content.size(), head + 10'100 * 2);
    EXPECT_EQ(content.substr(head, 20'000), std::string(20'000, '\xFF'));
    EXPECT_EQ(content.substr(head + 20'000, 2), "\x01\x02");
}

TEST_F(RecorderTest, the_oldest_go_when_there_is_no_room) {
    const std::string oldest = put(3h, 8'000), older = put(2h, 8'000), old = put(1h, 8'000);
    Recorder recorder(options(60'000));  // three, and nearly another
    auto tape = recorder.begin(call_sid);
    tape->write(block(0, 8'000));
    tape->write(block(8'000, 8'000));
    tape->finish(0);
    recorder.settle();
    std::vector<std::string> names;
    for (const Recording& recording : listed()) names.push_back(recording.name);
    EXPECT_EQ(names.size(), 2u);
    EXPECT_EQ(std::ranges::count(names, oldest) + std::ranges::count(names, older), 0);
    EXPECT_EQ(std::ranges::count(names, old), 1);
    EXPECT_EQ(recorder.figures().directory.removed_for_room, 2u);
    EXPECT_LE(recorder.figures().directory.bytes, 60'000u);
}

TEST_F(RecorderTest, one_that_is_larger_than_all_the_room_is_cut) {
    Recorder recorder(options(20'000));
    auto tape = recorder.begin(call_sid);
    for (std::uint64_t second = 0; second < 3; ++second) tape->write(block(second * 8'000, 8'000));
    tape->finish(0);
    recorder.settle();
    const auto all = listed();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].state, RecordingState::cut);
    EXPECT_EQ(all[0].bytes, head + 16'000);
    EXPECT_EQ(recorder.figures().frames_dropped_by_disk, 16'000u);
    EXPECT_EQ(recorder.figures().cut, 1u);
}

TEST_F(RecorderTest, those_that_are_too_old_go) {
    const std::string young = put(24h, 800);
    put(24h * 31, 800);
    const Recorder recorder(options());
    const auto all = listed();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].name, young);
    EXPECT_EQ(recorder.figures().directory.removed_by_age, 1u);
}

TEST_F(RecorderTest, without_an_age_limit_all_stay) {
    put(24h * 1'000, 800);
    auto all_stay = options();
    all_stay.directory.keep_for = std::chrono::days(0);
    const Recorder recorder(all_stay);
    EXPECT_EQ(listed().size(), 1u);
}

TEST_F(RecorderTest, a_disk_that_refuses_ends_the_recording_and_nothing_else) {
    Recorder recorder(options());
    auto tape = recorder.begin(call_sid);
    tape->write(block(0, 8'000));
    recorder.settle();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 20'000;  // what a full disk looks like to whoever writes
    std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    tape->write(block(8'000, 8'000));
    tape->write(block(16'000, 8'000));
    tape->finish(0);
    recorder.settle();
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    const auto all = listed();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].state, RecordingState::cut);
    EXPECT_EQ(all[0].bytes, head + 16'000) << "what was written in part is not part of it";
    EXPECT_EQ(recorder.figures().frames_dropped_by_disk, 16'000u);
}

TEST_F(RecorderTest, files_of_others_are_left_alone) {
    Recorder first(options());
    std::ofstream(temporary / "recordings" / "notes.wav") << "mine";
    Recorder recorder(options(1));
    auto tape = recorder.begin(call_sid);
    tape->write(block(0, 800));
    tape->finish(0);
    recorder.settle();
    EXPECT_TRUE(std::filesystem::exists(temporary / "recordings" / "notes.wav"));
    EXPECT_TRUE(std::ranges::none_of(listed(), [](const Recording& r) { return r.name.contains("notes"); }));
}

TEST_F(RecorderTest, a_directory_that_cannot_be_used_stops_the_start) {
    auto wrong = options();
    wrong.directory.path = "/proc/recordings";
    EXPECT_THROW(Recorder{wrong}, std::runtime_error);
    std::filesystem::create_directory(temporary / "open");
    std::filesystem::permissions(temporary / "open", std::filesystem::perms::all);
    wrong.directory.path = temporary / "open";
    EXPECT_THROW(Recorder{wrong}, std::runtime_error);
}

TEST_F(RecorderTest, one_is_removed_by_its_name_only) {
    const std::string name = put(1h, 800);
    RecordingDirectory directory(options().directory);
    for (const std::string& other :
         {"../recordings/" + name, name + ".wav", std::string(".."), std::string(), name + "-1"}) {
        EXPECT_EQ(directory.remove(other), RecordingDirectory::Removal::unknown) << other;
        EXPECT_FALSE(directory.open_to_read(other)) << other;
    }
    EXPECT_TRUE(directory.open_to_read(name));
    EXPECT_EQ(directory.remove(name), RecordingDirectory::Removal::removed);
    EXPECT_FALSE(directory.open_to_read(name));
}

TEST_F(RecorderTest, a_link_is_not_followed) {
    put(1h, 800);
    const std::string name = gateway::recording_name({}, call_sid, 0);
    std::filesystem::create_symlink("/etc/passwd", temporary / "recordings" / (name + ".wav"));
    EXPECT_FALSE(RecordingDirectory(options().directory).open_to_read(name));
}

}  // namespace
