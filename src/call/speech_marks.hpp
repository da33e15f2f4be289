#pragma once
// Tells what was heard from what was sent. A mark is echoed when everything sent before it has been played, but also,
// at once, when a `clear` throws that audio away. So a mark's name carries a generation, which every clear advances,
// and echoes of older generations prove nothing. It carries the position it stands for as well, so nothing has to be
// remembered per mark.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace call {

class SpeechMarks {
public:
    using Audio = std::chrono::microseconds;

    // `interval`: audio between two marks, the resolution of heard().
    explicit SpeechMarks(Audio interval) : interval_(interval) {}

    void sent(Audio length) { sent_ += length; }
    // The name of a mark that has to be sent before any more audio is: after each interval, and at the end of an
    // utterance or of a sentence in it, of which so many have ended.
    std::optional<std::string> due(std::uint32_t parts_ended);

    enum class Echo {
        heard,  // everything up to that mark has been played
        stale,  // of a mark that was cleared, or passed already: true to the protocol, but no news
        alien,  // not a name of ours
    };
    Echo echoed(std::string_view name);

    // The peer is told to drop what it has not played. `played` is how much of this generation was played by our own
    // reckoning; the marks have the word up to where they reach, the reckoning beyond.
    void cleared(Audio played);

    bool all_heard() const { return heard_ == sent_; }
    Audio unheard() const { return sent_ - heard_; }
    // Positions since the last clear.
    Audio sent_since_clear() const { return sent_; }
    Audio heard_since_clear() const { return heard_; }
    // Audio known to have been played: confirmed by marks, plus, for each clear, what was played beyond the last mark
    // before it.
    Audio heard() const { return heard_before_ + heard_; }

private:
    Audio interval_;
    Audio heard_before_{};  // in earlier generations
    std::uint32_t generation_ = 0;
    // Positions in this generation.
    Audio sent_{};
    Audio marked_{};
    Audio heard_{};
    std::uint32_t parts_marked_ = 0;
};

}  // namespace call
