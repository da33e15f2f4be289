#pragma once
// Turns any text into one that flite can say: its English front end knows ASCII only, and misbehaves on sentences
// without a sound in them.

#include <string>
#include <string_view>

namespace voice {

// Printable ASCII, words parted by single spaces, each with at least one letter or digit and of bounded length. Accents
// are dropped, typographic punctuation and a few symbols are put in plain words, bytes that are not UTF-8 and other
// scripts become word gaps. Empty when nothing is left to say.
std::string speakable_text(std::string_view text);

}  // namespace voice
