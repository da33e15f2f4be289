#pragma once
// When does the socket synthesis begin to speak? Text is collected until there is enough of it by the schedule, or
// until it is flushed; in auto mode every message is spoken by itself. Source: ElevenLabs' WebSocket reference
// ("chunk_length_schedule", "auto_mode").

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

class StandinTextBuffer {
public:
    static constexpr std::size_t schedule_step_min = 50, schedule_step_max = 500;

    StandinTextBuffer() = default;
    explicit StandinTextBuffer(bool auto_mode) : auto_mode_(auto_mode) {}

    // Characters wanted before the 1st, 2nd, … generation; the last holds for all later ones. False when a step is out
    // of bounds.
    bool set_schedule(std::vector<std::size_t> steps);

    // The text to speak now, if it is time. `now_if_possible`: flush, or try_trigger_generation.
    std::optional<std::string> add(std::string_view text, bool now_if_possible);
    std::optional<std::string> flush() { return add({}, true); }

private:
    bool auto_mode_ = false;
    std::vector<std::size_t> schedule_{120, 160, 250, 290};
    std::size_t generations_ = 0;
    std::string buffered_;
};

}  // namespace simulator
