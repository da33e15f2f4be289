#include "speech/sentences.hpp"

#include "speech/text_breaks.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace speech {

namespace {

// A full stop after these does not end a sentence. Unicode's rules cannot know them (they do see decimals, and a small
// letter that follows), and CLDR's list lacks most. A word too many here only makes a piece longer.
constexpr std::string_view abbreviations[] = {
    "Mr.",   "Mrs.",  "Ms.",  "Dr.",   "Prof.", "St.",  "Mt.",   "Jr.",   "Sr.",   "Rev.",    "Hon.", "Gen.",
    "Col.",  "Capt.", "Lt.",  "Sgt.",  "Gov.",  "Sen.", "Ave.",  "Blvd.", "Rd.",   "Apt.",    "Ext.", "ext.",
    "Tel.",  "tel.",  "No.",  "Nos.",  "vs.",   "e.g.", "i.e.",  "a.m.",  "p.m.",  "approx.", "Inc.", "Ltd.",
    "Jan.",  "Feb.",  "Aug.", "Sept.", "Oct.",  "Nov.", "Dec.",  "z.B.",  "d.h.",  "u.a.",    "bzw.", "ca.",
    "Nr.",   "Hr.",   "Fr.",  "Str.",  "usw.",  "Mme.", "Mlle.", "Sra.",  "Srta.", "Ud.",     "Uds.", "EE.UU.",
    "Dott.", "Sig.",  "pág.", "т.е.",  "т.д.",  "им.",  "г.",
};

bool ends_with_abbreviation(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
    return std::ranges::any_of(abbreviations, [&](std::string_view word) {
        // Whole words only: "St." but not "test."-like endings.
        return text.ends_with(word) && (text.size() == word.size() ||
                                        std::string_view(" \t\n(\"'").contains(text[text.size() - word.size() - 1]));
    });
}

std::unique_ptr<icu::BreakIterator> sentence_breaks() {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> breaks(
        icu::BreakIterator::createSentenceInstance(icu::Locale::getRoot(), status));
    if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU sentence rules: ") + u_errorName(status));
    return breaks;
}

// The end of the last clause in `text`: after its punctuation mark and the spaces that follow. 0 if there is none. A
// comma inside a number ("1,000") has no space after it and does not count; the full-width marks need none.
std::size_t clause_end(std::string_view text) {
    static constexpr std::string_view wide[] = {"，", "、", "；", "：", "،", "؛"};
    std::size_t end = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == ' ' && std::string_view(",;:-").contains(text[i - 1])) end = i + 1;
    }
    for (const std::string_view mark : wide) {
        if (const std::size_t at = text.rfind(mark); at != std::string_view::npos)
            end = std::max(end, at + mark.size());
    }
    return end;
}

}  // namespace

struct SentenceCutter::Breaks {
    std::unique_ptr<icu::BreakIterator> sentences = sentence_breaks();
    TextBreaks words{TextBreaks::Unit::word};
    TextBreaks characters{TextBreaks::Unit::character};

    // Where to end the first piece of a text that is longer than `bytes_max`: at most there, and never at 0.
    std::size_t piece_end(std::string_view text, std::size_t bytes_max) {
        // A clause that would leave a crumb is not worth a pause.
        if (const std::size_t end = clause_end(text.substr(0, bytes_max)); end >= bytes_max / 3) return end;
        if (const std::size_t end = words.at_or_before(text, bytes_max); end > 0) return end;
        if (const std::size_t end = characters.at_or_before(text, bytes_max); end > 0) return end;
        return bytes_max;  // one "character" of endless combining marks, or not text at all
    }
};

SentenceCutter::SentenceCutter() : SentenceCutter(Options{}) {}
SentenceCutter::SentenceCutter(Options options) : options_(options), breaks_(std::make_unique<Breaks>()) {
    options_.sentence_bytes_max = std::max<std::size_t>(options_.sentence_bytes_max, 16);
    options_.sentence_bytes_min = std::min(options_.sentence_bytes_min, options_.sentence_bytes_max / 2);
}
SentenceCutter::~SentenceCutter() = default;

std::vector<std::string_view> SentenceCutter::cut(std::string_view text) {
    std::vector<std::string_view> pieces;
    // Views of one text that touch are joined by widening the first.
    const auto add = [&](std::string_view piece) {
        const bool tiny = piece.size() < options_.sentence_bytes_min ||
                          (!pieces.empty() && pieces.back().size() < options_.sentence_bytes_min);
        if (tiny && !pieces.empty() && pieces.back().size() + piece.size() <= options_.sentence_bytes_max) {
            pieces.back() = std::string_view(pieces.back().data(), pieces.back().size() + piece.size());
        } else {
            pieces.push_back(piece);
        }
    };
    const Utf8Text utf8(text);
    UErrorCode status = U_ZERO_ERROR;
    breaks_->sentences->setText(utf8.get(), status);
    std::size_t begin = 0;
    while (begin < text.size()) {
        const int32_t next = U_SUCCESS(status) ? breaks_->sentences->next() : icu::BreakIterator::DONE;
        const std::size_t end = next == icu::BreakIterator::DONE ? text.size() : static_cast<std::size_t>(next);
        if (end < text.size() && ends_with_abbreviation(text.substr(begin, end - begin))) continue;
        while (end - begin > options_.sentence_bytes_max) {
            const std::size_t length = breaks_->piece_end(text.substr(begin, end - begin), options_.sentence_bytes_max);
            add(text.substr(begin, length));
            begin += length;
        }
        if (end > begin) add(text.substr(begin, end - begin));
        begin = end;
    }
    return pieces;
}

}  // namespace speech
