#pragma once
// Tells when a file has been replaced or rewritten, so that keys and certificates change without a restart.

#include "net/event_loop.hpp"

#include <ctime>
#include <functional>
#include <optional>
#include <string>

namespace gateway {

class FileWatch {
public:
    // `on_change` runs on the loop, once the file is not what it was and has stayed the same between two looks: a half
    // written one is not read. It also runs once for the file as it is found first.
    FileWatch(net::EventLoop& loop, std::string path, std::function<void()> on_change);

    void look_now();  // SIGHUP: calls on_change whatever the file looks like

private:
    // A rename over the file changes the inode, a link that leads elsewhere as well.
    struct Mark {
        std::uint64_t device = 0, inode = 0;
        std::int64_t size = 0, seconds = 0, nanoseconds = 0;
        bool operator==(const Mark&) const = default;
    };
    std::optional<Mark> mark() const;
    void look();

    net::EventLoop& loop_;
    std::string path_;
    std::function<void()> on_change_;
    std::optional<Mark> told_, seen_;
    net::Timer next_look_;
};

}  // namespace gateway
