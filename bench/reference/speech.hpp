#pragma once
// What the bare server says and what it does with what it hears: one for all calls.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class Speech {
public:
    enum class Says {
        frames,    // the clip in 20 ms frames, paced in real time
        messages,  // the clip as Mouthpiece sends it: long messages ahead of the ear, and marks
        echo,      // the caller's own frames
        nothing,
    };
    enum class CallerAudio { found, level };
    struct Options {
        Says says = Says::frames;
        CallerAudio caller_audio = CallerAudio::found;
        std::uint32_t clip_ms = 10'000, lead_ms = 200, message_ms = 20, mark_ms = 1'000;
    };
    explicit Speech(const Options& options);

    const Options& options() const { return options_; }
    bool speaks() const { return options_.says == Says::frames || options_.says == Says::messages; }
    // The base64 payload of each message of the clip, encoded once.
    const std::vector<std::string>& payloads() const { return payloads_; }
    void hear(std::string_view payload_base64);

    std::vector<char> output;  // where a message is put together

private:
    Options options_;
    std::vector<std::string> payloads_;
    std::vector<std::byte> heard_;
    std::uint64_t level_ = 0;
};

}  // namespace bench
