#include "simulator/standin_text_buffer.hpp"

#include <algorithm>
#include <utility>

namespace simulator {

bool StandinTextBuffer::set_schedule(std::vector<std::size_t> steps) {
    const bool valid = !steps.empty() && std::ranges::all_of(steps, [](std::size_t step) {
        return step >= schedule_step_min && step <= schedule_step_max;
    });
    if (valid) schedule_ = std::move(steps);
    return valid;
}

std::optional<std::string> StandinTextBuffer::add(std::string_view text, bool now_if_possible) {
    buffered_ += text;
    if (buffered_.find_first_not_of(" \t\r\n") == std::string::npos) return std::nullopt;  // nothing to say yet
    const std::size_t wanted = schedule_[std::min(generations_, schedule_.size() - 1)];
    if (!auto_mode_ && !now_if_possible && buffered_.size() < wanted) return std::nullopt;
    ++generations_;
    return std::exchange(buffered_, {});
}

}  // namespace simulator
