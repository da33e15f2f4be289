#pragma once
// Cuts a text into the pieces that are synthesised one by one: whole sentences, neither tiny nor long. The pieces are
// views into the text and follow each other without a gap, so joined they are the text again, byte for byte, spaces
// included.

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace speech {

class SentenceCutter {
public:
    struct Options {
        std::size_t sentence_bytes_max = 300;  // longer ones are cut after a clause, else a word, else a character
        std::size_t sentence_bytes_min = 20;   // shorter ones ("Hello!") join a neighbour: alone they sound clipped
    };
    SentenceCutter();  // the default options
    explicit SentenceCutter(Options options);
    ~SentenceCutter();

    // Any script, and any bytes: what is not UTF-8 stays where it is. Costs about a microsecond a word. One thread at a
    // time.
    std::vector<std::string_view> cut(std::string_view text);

private:
    struct Breaks;
    Options options_;
    std::unique_ptr<Breaks> breaks_;
};

}  // namespace speech
