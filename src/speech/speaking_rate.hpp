#pragma once
// How far into a text a voice has come after so many bytes of audio. A guess, for the rare case that a voice breaks off
// in the middle of a sentence and another has to carry on.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace speech {

// The length of a text as a speaker feels it: 1 for a letter, space or mark, more for a digit ("7" is "seven") and for
// the letters of syllable and word scripts. English then runs at about 15 units a second, and the other scripts not far
// from it.
std::size_t spoken_units(std::string_view text);

// Whether anything in it makes a sound: a letter, digit or symbol.
bool is_speakable(std::string_view text);

// Where in `text`, as a byte offset between characters, `units` of it have been spoken.
std::size_t offset_after(std::string_view text, double units);

// Whether `bytes` of mu-law are too few for `text`: whoever said so stopped in the middle, whatever else it claims. No
// voice speaks four times as fast as people do.
inline constexpr double fastest_units_per_second = 60;
bool is_cut_short(std::string_view text, std::size_t bytes, double units_per_second_max = fastest_units_per_second);

class SpeakingRates {
public:
    static constexpr double standard_units_per_second = 15;

    // `voice` has spoken `text` whole, as `bytes` of mu-law. Texts too short to measure by are passed over.
    void learn(std::string_view voice, std::string_view text, std::size_t bytes);
    // The rate measured last, or the standard one.
    double units_per_second(std::string_view voice) const;

private:
    static constexpr std::size_t voices_max = 64;  // the one learnt first goes first

    std::vector<std::pair<std::string, double>> rates_;
};

}  // namespace speech
