#include "speech/speaking_rate.hpp"

#include "audio/mulaw.hpp"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace speech {

namespace {

// Takes the first code point off `text`; an invalid byte counts as one (U+FFFD).
UChar32 take_code_point(std::string_view& text) {
    int32_t used = 0;
    UChar32 code_point = 0;
    // No sequence is longer than 4 bytes; ICU's macros count in 32 bits.
    const auto size = static_cast<int32_t>(std::min<std::size_t>(text.size(), 4));
    // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside ICU's macro
    U8_NEXT_OR_FFFD(reinterpret_cast<const uint8_t*>(text.data()), used, size, code_point);
    text.remove_prefix(static_cast<std::size_t>(used));
    return code_point;
}

// Everyday speech has about 4.5 Han characters, 6 Hangul syllables or 7 kana a second; rough, and enough for an
// estimate.
std::size_t units_of(UChar32 code_point) {
    if (u_isdigit(code_point)) return 4;
    UErrorCode status = U_ZERO_ERROR;
    switch (uscript_getScript(code_point, &status)) {
        case USCRIPT_HAN:
            return 3;
        case USCRIPT_HANGUL:
        case USCRIPT_HIRAGANA:
        case USCRIPT_KATAKANA:
            return 2;
        default:
            return 1;
    }
}

constexpr std::size_t units_min = 20;  // in fewer, the silence around the words outweighs them

bool makes_sound(UChar32 code_point) {
    constexpr uint32_t loud = U_GC_L_MASK | U_GC_N_MASK | U_GC_SC_MASK | U_GC_SM_MASK;
    return (U_GET_GC_MASK(code_point) & loud) != 0;
}

}  // namespace

std::size_t spoken_units(std::string_view text) {
    std::size_t units = 0;
    while (!text.empty()) units += units_of(take_code_point(text));
    return units;
}

bool is_speakable(std::string_view text) {
    while (!text.empty()) {
        if (makes_sound(take_code_point(text))) return true;
    }
    return false;
}

std::size_t offset_after(std::string_view text, double units) {
    std::string_view rest = text;
    for (double spoken = 0; !rest.empty();) {
        std::string_view after = rest;
        spoken += static_cast<double>(units_of(take_code_point(after)));
        if (spoken > units) break;
        rest = after;
    }
    return text.size() - rest.size();
}

bool is_cut_short(std::string_view text, std::size_t bytes, double units_per_second_max) {
    const std::size_t units = spoken_units(text);
    const double seconds = std::chrono::duration<double>(audio::duration_of(bytes)).count();
    return units >= units_min && is_speakable(text) && static_cast<double>(units) > units_per_second_max * seconds;
}

void SpeakingRates::learn(std::string_view voice, std::string_view text, std::size_t bytes) {
    const std::size_t units = spoken_units(text);
    if (units < units_min || bytes == 0) return;
    const double seconds = std::chrono::duration<double>(audio::duration_of(bytes)).count();
    const double rate = static_cast<double>(units) / seconds;
    const auto known = std::ranges::find(rates_, voice, &std::pair<std::string, double>::first);
    if (known != rates_.end()) {
        known->second = rate;
    } else {
        if (rates_.size() == voices_max) rates_.erase(rates_.begin());
        rates_.emplace_back(voice, rate);
    }
}

double SpeakingRates::units_per_second(std::string_view voice) const {
    const auto known = std::ranges::find(rates_, voice, &std::pair<std::string, double>::first);
    return known == rates_.end() ? standard_units_per_second : known->second;
}

}  // namespace speech
