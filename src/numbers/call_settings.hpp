#pragma once
// What a call gets by the number it is for.

#include "call/plan.hpp"
#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace numbers {

struct CallSettings {
    std::string greeting{};  // a template (call/greeting.hpp)
    speech::Voice voice{};
    call::AfterSpeech after_speech = call::AfterSpeech::stay;
    std::chrono::milliseconds call_duration_max{4 * 3600 * 1000};
    std::size_t calls_max = 0;  // at once, of each number; 0: as many as the server takes
    std::string busy_text{};    // for a call beyond them
    bool record = false;
};

}  // namespace numbers
