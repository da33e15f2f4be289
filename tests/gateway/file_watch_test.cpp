#include "gateway/file_watch.hpp"

#include "gateway/clip_fixture.hpp"
#include "net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace {

class FileWatchTest : public testing::Test {
protected:
    void write(const std::string& text) { std::ofstream(path) << text; }
    void replace(const std::string& text) {
        std::ofstream(directory / "new") << text;
        std::filesystem::rename(directory / "new", path);
    }
    bool told(int times) {
        return test::run_until(loop, [&] { return count == times; });
    }

    test::TemporaryDirectory directory;
    const std::string path = (directory / "file").string();
    net::EventLoop loop;
    int count = 0;
};

TEST_F(FileWatchTest, tells_of_a_replaced_and_of_a_rewritten_file) {
    write("one");
    const gateway::FileWatch watch(loop, path, [&] { ++count; });
    EXPECT_TRUE(told(1));
    replace("two");  // as long as before
    EXPECT_TRUE(told(2));
    write("three");
    EXPECT_TRUE(told(3));
}

TEST_F(FileWatchTest, bears_a_file_that_comes_late_and_goes) {
    gateway::FileWatch watch(loop, path, [&] { ++count; });
    write("one");
    EXPECT_TRUE(told(1));
    std::filesystem::remove(path);
    watch.look_now();  // the reader says what it thinks of that
    EXPECT_EQ(count, 2);
    write("one");
    EXPECT_TRUE(told(3));
}

TEST_F(FileWatchTest, leaves_a_file_alone_that_is_still_being_written) {
    write("one");
    std::string read;
    const gateway::FileWatch watch(loop, path, [&] {
        ++count;
        std::getline(std::ifstream(path) >> std::ws, read);
    });
    EXPECT_TRUE(told(1));
    // Grows at every turn of the loop for longer than a look takes; told only when it has come to rest.
    std::string text = "two";
    const auto end = net::Clock::now() + std::chrono::milliseconds(1'500);
    net::Timer writer(loop.timers(), [&] {
        write(text += "+");
        if (net::Clock::now() < end) writer.arm(net::Clock::now() + std::chrono::milliseconds(50));
    });
    writer.arm(net::Clock::now());
    EXPECT_TRUE(told(2));
    EXPECT_EQ(read, text);
    EXPECT_FALSE(writer.armed());
}

}  // namespace
