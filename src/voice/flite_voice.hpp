#pragma once
// The embedded voice: flite, in this process, with no network and no key. Speech is handed out while it is being made.

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace voice {

enum class FliteVoiceName {
    slt,  // the pleasant one: 16 kHz; its noise part is random, so no two runs give the same samples
    kal,  // the plain one: 8 kHz, fast, and the same samples every time
};

enum class VoiceError {
    nothing_to_say,  // no letter or digit that an English voice can read
    text_too_long,   // more than text_bytes_max
};

// As much as ElevenLabs takes in one request, so that this voice can stand in for it: about 45 minutes of
// speech, or hours if it is all digits: who needs a bound in time counts samples and stops.
inline constexpr std::size_t text_bytes_max = 40'000;

// Each object has a flite voice of its own and is used by one thread at a time; different objects may speak at once.
// Making one takes some 25 us, so one per message is fine. Speaking occupies the thread (slt: about 1/40 of the
// speech's length): keep it off event loops.
class FliteVoice {
public:
    explicit FliteVoice(FliteVoiceName name);
    ~FliteVoice();
    FliteVoice(FliteVoice&&) noexcept;
    FliteVoice& operator=(FliteVoice&&) noexcept;

    int sample_rate_hz() const;

    // Gets the next samples, at most some 100 ms of them, valid during the call only; false stops the speech.
    using OnPcm = std::function<bool(std::span<const std::int16_t>)>;

    // Says `text` (see speakable_text.hpp for what becomes of odd ones). `speed` 1 is the voice's own; it is kept
    // within 0.5..2. A speech that `on_pcm` stopped is no error. What `on_pcm` throws ends the speech and comes out
    // here.
    std::expected<void, VoiceError> speak(const std::string& text, double speed, const OnPcm& on_pcm);

private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace voice
