#pragma once
// What one caller hears: Twilio queues the audio and plays it from the moment it arrives; a mark comes back when what
// was queued before it has been played. Silence in the middle of a message is an underrun.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace bench {

class Ear {
public:
    // Returns how long the caller heard silence before this audio; 0: none, or it is the first.
    std::int64_t hear(std::size_t bytes, std::int64_t now_ns) {
        const std::int64_t gap = bytes_ == 0 || now_ns <= dry_at_ns_ ? 0 : now_ns - dry_at_ns_;
        if (now_ns > dry_at_ns_) dry_at_ns_ = now_ns;
        dry_at_ns_ += static_cast<std::int64_t>(bytes) * 125'000;
        bytes_ += bytes;
        return gap;
    }
    void mark(std::string_view name) { marks_.push_back({std::string(name), dry_at_ns_}); }
    void clear(std::int64_t now_ns) {
        dry_at_ns_ = now_ns;
        for (Mark& mark : marks_) mark.due_ns = now_ns;
    }
    // The next mark that has been reached; empty when there is none.
    std::string reached(std::int64_t now_ns) {
        if (marks_.empty() || marks_.front().due_ns > now_ns) return {};
        std::string name = std::move(marks_.front().name);
        marks_.pop_front();
        return name;
    }
    std::size_t bytes() const { return bytes_; }

private:
    struct Mark {
        std::string name;
        std::int64_t due_ns;
    };
    std::int64_t dry_at_ns_ = 0;
    std::size_t bytes_ = 0;
    std::deque<Mark> marks_;
};

}  // namespace bench
