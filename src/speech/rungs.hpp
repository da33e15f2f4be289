#pragma once
// The rungs of the ladder, best first, and what one message has learnt about them: which to try next, in which voice.

#include "speech/speech_source.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace speech {

struct Rung {
    enum class Speaks {
        asked_voice,
        standard_voice,  // the configured default voice, with the settings asked for
        own_voice,       // has one voice only; not barred when it is the last: behind it there is only the apology
    };
    std::string name;  // for logs and metrics: "elevenlabs_http"
    SpeechSource* source = nullptr;
    // Rungs that share it share its refusals, and sound alike when they speak the same voice. Empty: shared with none.
    std::string account;
    Speaks speaks = Speaks::asked_voice;
    std::chrono::milliseconds first_audio_max{
        1500};  // from the request to its first byte, unless the caller has audio for longer
};

inline constexpr std::size_t rungs_max = 32;

// In which voice a rung says what was asked for in `asked`. `standard` supplies the id and the model where that has
// none.
Voice voice_on(const Rung& rung, const Voice& asked, const Voice& standard);

// The rungs one sentence has done with.
class TriedRungs {
public:
    void add(std::size_t rung) { bits_ |= std::uint32_t{1} << rung; }
    bool has(std::size_t rung) const { return (bits_ >> rung & 1U) != 0; }

private:
    std::uint32_t bits_ = 0;
};

class RungMemory {
public:
    // `rungs` must outlive this; at most rungs_max of them.
    RungMemory(std::span<const Rung> rungs, const Voice& asked, const Voice& standard);

    const Voice& voice_of(std::size_t rung) const { return voices_[rung]; }
    // Whether a listener would not notice a change from one to the other.
    bool sound_alike(std::size_t a, std::size_t b) const;

    // A sentence has left `rung` because of `failure`. Unknown voices and refusals bar what they concern for the rest
    // of the message; passing faults bar a rung only when they drove a second sentence away.
    void left(std::size_t rung, Failure::Kind kind, TriedRungs& tried);
    // The best rung that is neither tried nor barred.
    std::optional<std::size_t> next(const TriedRungs& tried) const;
    // The same, of those that do not share the source of `rung`, which keeps us waiting.
    std::optional<std::size_t> next_elsewhere(const TriedRungs& tried, std::size_t rung) const;
    bool is_last(std::size_t rung) const { return rung + 1 == rungs_.size(); }

private:
    static constexpr int strikes_max = 2;

    bool may_be_barred(std::size_t rung) const {
        return rungs_[rung].speaks != Rung::Speaks::own_voice || !is_last(rung);
    }
    bool same_account(std::size_t a, std::size_t b) const {
        return a == b || (!rungs_[a].account.empty() && rungs_[a].account == rungs_[b].account);
    }

    std::span<const Rung> rungs_;
    std::vector<Voice> voices_;
    std::vector<int> strikes_;
};

}  // namespace speech
