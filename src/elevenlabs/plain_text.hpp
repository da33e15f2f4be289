#pragma once
// Text that may be put into JSON or into a log line: always valid UTF-8, never longer than asked.

#include <cstddef>
#include <string>
#include <string_view>

namespace elevenlabs {

enum class Controls {
    keep,
    to_space,  // line breaks and other control characters become spaces: one log line stays one line
};

// Each byte that is not part of valid UTF-8 becomes U+FFFD. Cut between code points so that at most `bytes_max` bytes
// remain.
std::string plain_text(std::string_view text, std::size_t bytes_max, Controls controls = Controls::to_space);

}  // namespace elevenlabs
