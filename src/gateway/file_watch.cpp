#include "gateway/file_watch.hpp"

#include <chrono>
#include <sys/stat.h>
#include <utility>

namespace gateway {

namespace {

constexpr std::chrono::milliseconds look_interval{500};

}  // namespace

FileWatch::FileWatch(net::EventLoop& loop, std::string path, std::function<void()> on_change)
    : loop_(loop),
      path_(std::move(path)),
      on_change_(std::move(on_change)),
      seen_(mark()),
      next_look_(loop.timers(), [this] { look(); }) {
    next_look_.arm(loop.now() + look_interval);
}

void FileWatch::look_now() {
    told_ = seen_ = mark();
    on_change_();
}

void FileWatch::look() {
    next_look_.arm(loop_.now() + look_interval);
    const auto now = mark();
    const bool settled = now == seen_;
    seen_ = now;
    if (!now || !settled || now == told_) return;
    told_ = now;
    on_change_();
}

std::optional<FileWatch::Mark> FileWatch::mark() const {
    struct stat file{};
    if (::stat(path_.c_str(), &file) != 0) return std::nullopt;
    return Mark{.device = file.st_dev,
                .inode = file.st_ino,
                .size = file.st_size,
                .seconds = file.st_mtim.tv_sec,
                .nanoseconds = file.st_mtim.tv_nsec};
}

}  // namespace gateway
