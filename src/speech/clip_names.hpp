#pragma once
// Under which names the memory has the sentences of a text. To cut and to name a text costs more than all else that a
// webhook has to do about its speech, and most calls of a line hear the same one: the latest are remembered.

#include "speech/speech_source.hpp"

#include <array>
#include <functional>
#include <vector>

namespace speech {

class ClipNames {
public:
    using Names = std::vector<Secret>;  // ClipKey::canonical(), in the order of the text
    explicit ClipNames(std::function<Names(const Request&)> make) : make_(std::move(make)) {}

    // Valid until the next question.
    const Names& of(const Request& request);

private:
    struct Entry {
        Secret text{};
        Voice voice{};
        Names names{};
    };
    std::function<Names(const Request&)> make_;
    std::array<Entry, 64> entries_;  // each text has one place, which the latest that has it keeps
};

}  // namespace speech
