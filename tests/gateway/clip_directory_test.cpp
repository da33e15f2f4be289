#include "gateway/clip_directory.hpp"

#include "tests/gateway/clip_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <random>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using gateway::clip_header_bytes;
using gateway::ClipDigest;
using gateway::ClipDirectory;
using test::test_clip;

ClipDigest key(unsigned number) {
    return gateway::digest_of(test::clip_key("Sentence " + std::to_string(number) + "."));
}

class ClipDirectoryTest : public testing::Test {
protected:
    ClipDirectory open(std::uint64_t bytes_max = 1u << 20) const {
        return ClipDirectory({.path = path, .bytes_max = bytes_max, .clip_bytes_max = 300'000});
    }
    fs::path file_of(unsigned number) const { return path / gateway::clip_file_name(key(number)); }
    // As if it had last been heard that many hours ago.
    void age(unsigned number, int hours) const {
        fs::last_write_time(file_of(number), fs::file_time_type::clock::now() - std::chrono::hours(hours));
    }

    test::TemporaryDirectory temporary;
    const fs::path path = temporary / "nested/clips";
};

TEST_F(ClipDirectoryTest, gives_back_what_was_put_in_also_after_a_restart) {
    const auto clip = test_clip(5'000);
    {
        auto directory = open();
        ASSERT_TRUE(directory.open());
        ASSERT_TRUE(directory.write(key(1), clip));
    }
    auto directory = open();
    ASSERT_TRUE(directory.open());
    EXPECT_EQ(directory.figures().files, 1u);
    EXPECT_EQ(directory.figures().bytes, clip_header_bytes + 5'000);
    const auto read = directory.read(key(1));
    ASSERT_TRUE(read);
    EXPECT_EQ(test::bytes_of(*read), test::bytes_of(clip));
    EXPECT_FALSE(directory.read(key(2)));
    EXPECT_EQ(directory.figures().hits, 1u);
    EXPECT_EQ(directory.figures().misses, 1u);
}

TEST_F(ClipDirectoryTest, keeps_the_text_to_itself) {
    auto directory = open();
    ASSERT_TRUE(directory.open());
    ASSERT_TRUE(directory.write(key(1), test_clip(100)));
    for (const std::string& name : test::names_in(path)) {
        EXPECT_EQ(name.find("Sentence"), name.npos);
        EXPECT_EQ(test::text_of_file(path / name).find("Sentence"), std::string::npos);
    }
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    ASSERT_EQ(::stat(file_of(1).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ClipDirectoryTest, drops_what_is_damaged_and_does_not_serve_it) {
    auto directory = open();
    ASSERT_TRUE(directory.open());
    for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(directory.write(key(i), test_clip(1'000)));
    fs::resize_file(file_of(0), 500);
    test::write_file(file_of(1), "something else entirely");
    fs::copy_file(file_of(3), file_of(2), fs::copy_options::overwrite_existing);  // whole, but another's
    for (unsigned i = 0; i < 3; ++i) {
        EXPECT_FALSE(directory.read(key(i))) << i;
        EXPECT_FALSE(fs::exists(file_of(i))) << i;
    }
    EXPECT_TRUE(directory.read(key(3)));
    EXPECT_EQ(directory.figures().damaged, 3u);
    EXPECT_EQ(directory.figures().files, 1u);
}

TEST_F(ClipDirectoryTest, does_not_read_what_is_larger_than_a_clip_can_be) {
    auto directory = open();
    ASSERT_TRUE(directory.open());
    test::write_file(file_of(0), "");
    fs::resize_file(file_of(0), 1u << 30);  // sparse: costs nothing unless it is read
    EXPECT_FALSE(directory.read(key(0)));
    EXPECT_EQ(directory.figures().damaged, 1u);
    ASSERT_TRUE(directory.write(key(1), test_clip(300'001)));
    EXPECT_FALSE(fs::exists(file_of(1)));
}

TEST_F(ClipDirectoryTest, drops_the_longest_unheard_when_it_is_full) {
    auto directory = open(10 * (1'000 + clip_header_bytes));
    ASSERT_TRUE(directory.open());
    for (unsigned i = 0; i < 10; ++i) {
        ASSERT_TRUE(directory.write(key(i), test_clip(1'000, i)));
        age(i, 100 - static_cast<int>(i));
    }
    EXPECT_EQ(directory.figures().files, 10u);
    ASSERT_TRUE(directory.read(key(0)));  // the oldest, but heard just now
    ASSERT_TRUE(directory.write(key(10), test_clip(1'000, 10)));
    EXPECT_EQ(directory.figures().evicted, 2u);  // down to nine tenths
    EXPECT_EQ(directory.figures().files, 9u);
    EXPECT_TRUE(fs::exists(file_of(0)));
    EXPECT_FALSE(fs::exists(file_of(1)));
    EXPECT_FALSE(fs::exists(file_of(2)));
    EXPECT_TRUE(fs::exists(file_of(10)));
}

TEST_F(ClipDirectoryTest, counts_a_replaced_clip_once) {
    auto directory = open();
    ASSERT_TRUE(directory.open());
    ASSERT_TRUE(directory.write(key(1), test_clip(1'000)));
    ASSERT_TRUE(directory.write(key(1), test_clip(3'000)));
    EXPECT_EQ(directory.figures().files, 1u);
    EXPECT_EQ(directory.figures().bytes, clip_header_bytes + 3'000);
    EXPECT_EQ(directory.read(key(1))->size(), 3'000u);
}

TEST_F(ClipDirectoryTest, hears_of_what_another_process_has_put_there) {
    auto server = open(10 * (1'000 + clip_header_bytes));
    ASSERT_TRUE(server.open());
    auto warm = open();
    ASSERT_TRUE(warm.open());
    for (unsigned i = 0; i < 20; ++i) ASSERT_TRUE(warm.write(key(i), test_clip(1'000, i)));
    EXPECT_TRUE(server.read(key(7)));
    ASSERT_TRUE(server.open());  // whoever counts keeps to its own bound
    EXPECT_LE(server.figures().bytes, server.options().bytes_max);
}

TEST_F(ClipDirectoryTest, leaves_the_files_of_others_alone) {
    auto directory = open();
    ASSERT_TRUE(directory.open());
    test::write_file(path / "holiday.jpg", "not ours");
    ASSERT_TRUE(directory.write(key(1), test_clip(1'000)));
    directory.purge();
    EXPECT_EQ(test::names_in(path), std::vector<std::string>{"holiday.jpg"});
    EXPECT_EQ(directory.figures().files, 0u);
    EXPECT_EQ(directory.figures().bytes, 0u);
}

TEST_F(ClipDirectoryTest, is_not_used_when_others_may_write_to_it) {
    fs::create_directories(path);
    fs::permissions(path, fs::perms::all);
    auto directory = open();
    const auto opened = directory.open();
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find("others may write"), std::string::npos);
    EXPECT_FALSE(directory.write(key(1), test_clip(100)));
    EXPECT_TRUE(test::names_in(path).empty());
}

TEST_F(ClipDirectoryTest, is_made_again_when_it_is_removed_under_a_running_server) {
    auto directory = open();
    ASSERT_TRUE(directory.open());
    fs::remove_all(path);
    EXPECT_FALSE(directory.write(key(1), test_clip(100)));  // noticed, and mended for the next
    EXPECT_TRUE(directory.write(key(1), test_clip(100)));
    EXPECT_TRUE(directory.read(key(1)));
    EXPECT_EQ(directory.figures().not_stored, 1u);
}

// A file size limit stands for a full disk: the write fails in the middle.
TEST_F(ClipDirectoryTest, leaves_nothing_behind_when_the_disk_is_full) {
    auto directory = open();
    ASSERT_TRUE(directory.open());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{.rlim_cur = 1'000, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto written = directory.write(key(1), test_clip(5'000));
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, ignored);
    EXPECT_FALSE(written);
    EXPECT_TRUE(test::names_in(path).empty());
    EXPECT_FALSE(directory.read(key(1)));
    EXPECT_TRUE(directory.write(key(1), test_clip(5'000)));
    EXPECT_TRUE(directory.read(key(1)));
}

constexpr unsigned crash_keys = 8;
constexpr std::size_t crash_clip_bytes = 250'000;

// Writes for ever, and says with a byte when it begins each clip.
[[noreturn]] void write_until_killed(const fs::path& path, int progress) {
    ClipDirectory directory({.path = path, .bytes_max = 64u << 20, .clip_bytes_max = 300'000});
    if (!directory.open()) ::_exit(1);
    for (unsigned round = 0;; ++round) {
        const unsigned number = round % crash_keys;
        if (::write(progress, "w", 1) != 1 || !directory.write(key(number), test_clip(crash_clip_bytes, number)))
            ::_exit(1);
    }
}

TEST_F(ClipDirectoryTest, holds_whole_clips_only_when_the_writer_is_killed_at_any_moment) {
    std::mt19937 random(7);
    std::size_t found = 0;
    for (int kill = 0; kill < 50; ++kill) {
        int progress[2];
        ASSERT_EQ(::pipe(progress), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) write_until_killed(path, progress[1]);
        ::close(progress[1]);
        char byte = 0;
        const auto clips = 1 + random() % crash_keys, turns = random() % 1'000'000;
        for (std::size_t i = 0; i < clips; ++i) ASSERT_EQ(::read(progress[0], &byte, 1), 1);
        // Some way into the writing of that clip.
        for (std::size_t i = 0; i < turns; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
        ::close(progress[0]);

        auto directory = open(64u << 20);
        ASSERT_TRUE(directory.open());
        for (const std::string& name : test::names_in(path)) EXPECT_TRUE(gateway::is_clip_file_name(name)) << name;
        for (unsigned i = 0; i < crash_keys; ++i) {
            const auto clip = directory.read(key(i));
            if (!clip) continue;
            ++found;
            EXPECT_EQ(test::bytes_of(*clip), test::bytes_of(test_clip(crash_clip_bytes, i)));
        }
        EXPECT_EQ(directory.figures().damaged, 0u) << "a half-written clip had its final name";
        if (kill % 5 == 4) directory.purge();
    }
    EXPECT_GT(found, 50u);
}

}  // namespace
