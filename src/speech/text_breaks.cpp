#include "speech/text_breaks.hpp"

#include <unicode/ubrk.h>

#include <stdexcept>
#include <string>

namespace speech {

Utf8Text::Utf8Text(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    text_ = utext_openUTF8(nullptr, text.data(), static_cast<int64_t>(text.size()), &status);
    if (U_FAILURE(status)) throw std::bad_alloc();  // the only way it fails
}

Utf8Text::~Utf8Text() {
    utext_close(text_);
}

TextBreaks::TextBreaks(Unit unit) : unit_(unit) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Locale& root = icu::Locale::getRoot();
    breaks_.reset(unit == Unit::word ? icu::BreakIterator::createWordInstance(root, status)
                                     : icu::BreakIterator::createCharacterInstance(root, status));
    if (U_FAILURE(status)) throw std::runtime_error(std::string("ICU break rules: ") + u_errorName(status));
}

std::size_t TextBreaks::at_or_before(std::string_view text, std::size_t offset) {
    if (offset >= text.size()) return text.size();
    const Utf8Text utf8(text);
    UErrorCode status = U_ZERO_ERROR;
    breaks_->setText(utf8.get(), status);
    if (U_FAILURE(status)) return 0;
    // The boundary at or before the offset; then back until what follows the boundary is a word, not a space or a mark.
    int32_t at = breaks_->preceding(static_cast<int32_t>(offset) + 1);
    while (unit_ == Unit::word && at != icu::BreakIterator::DONE && at > 0) {
        const int32_t end = breaks_->following(at);
        if (end != icu::BreakIterator::DONE && breaks_->getRuleStatus() >= UBRK_WORD_NONE_LIMIT) break;
        at = breaks_->preceding(at);
    }
    return at == icu::BreakIterator::DONE ? 0 : static_cast<std::size_t>(at);
}

}  // namespace speech
