#pragma once
// Where words and characters begin, in any script, by ICU and in UTF-8 byte offsets.

#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace speech {

// ICU's view of a UTF-8 text. Invalid bytes are read as U+FFFD, one each; offsets stay those of the bytes.
class Utf8Text {
public:
    explicit Utf8Text(std::string_view text);
    ~Utf8Text();
    Utf8Text(const Utf8Text&) = delete;
    Utf8Text& operator=(const Utf8Text&) = delete;
    UText* get() const { return text_; }

private:
    UText* text_;
};

// One thread at a time.
class TextBreaks {
public:
    enum class Unit { word, character };
    explicit TextBreaks(Unit unit);

    // The last place where a unit begins (or the text ends) at or before `offset`. Words begin with a letter or digit
    // of theirs, not with the spaces and marks before it: the place of "world" in "hello, world" is 7.
    std::size_t at_or_before(std::string_view text, std::size_t offset);

private:
    Unit unit_;
    std::unique_ptr<icu::BreakIterator> breaks_;
};

}  // namespace speech
