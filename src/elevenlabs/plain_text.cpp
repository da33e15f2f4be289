#include "elevenlabs/plain_text.hpp"

#include <algorithm>

namespace elevenlabs {

namespace {

// The length of the well-formed UTF-8 sequence `text` begins with (Unicode 15, table 3-7), 0 if there is none. `text`
// is not empty.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = lead == 0xED && byte(1) > 0x9F;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool overlong = lead == 0xF0 && byte(1) < 0x90;
        const bool too_high = lead == 0xF4 && byte(1) > 0x8F;
        return continues(1) && continues(2) && continues(3) && !overlong && !too_high ? 4 : 0;
    }
    return 0;
}

bool is_control(std::string_view sequence) {
    if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]) < 0x20 || sequence[0] == 0x7F;
    // U+0080..U+009F, and the two line separators some terminals obey.
    return (sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0) || sequence == "\u2028" ||
           sequence == "\u2029";
}

}  // namespace

std::string plain_text(std::string_view text, std::size_t bytes_max, Controls controls) {
    std::string out;
    out.reserve(std::min(text.size(), bytes_max));
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        std::string_view piece = length == 0 ? std::string_view("\uFFFD") : text.substr(0, length);
        if (controls == Controls::to_space && is_control(piece)) piece = " ";
        if (piece.size() > bytes_max - out.size()) break;
        out += piece;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace elevenlabs
