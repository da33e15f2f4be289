#include "voice/speakable_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace voice {

namespace {

// Longer than any English word; flite matches words by recursion, so their length is its stack depth.
constexpr std::size_t word_bytes_max = 50;

constexpr bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr bool is_pause_mark(char c) {
    return std::string_view(".,;:!?").find(c) != std::string_view::npos;
}

struct CodePoint {
    std::uint32_t value;  // or not_utf8
    std::size_t size;     // bytes, at least 1
};
constexpr std::uint32_t not_utf8 = 0xFFFFFFFF;

// The first code point of a text that is not empty. A byte that begins none is one wrong byte (RFC 3629).
CodePoint first_code_point(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t lead = at(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {not_utf8, 1};
    std::uint32_t value = lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((at(i) & 0xC0) != 0x80) return {not_utf8, 1};
        value = value << 6 | (at(i) & 0x3F);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < least[size] || surrogate || value > 0x10FFFF) return {not_utf8, 1};
    return {value, size};
}

// U+00C0 to U+017F, each letter without its accent. Space stands for signs and for the letters that need two (below).
constexpr std::string_view unaccented =
    "AAAAAA CEEEEIIIIDNOOOOO OUUUUY  aaaaaa ceeeeiiiidnooooo ouuuuy y"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKkkLlLlLlL"
    "lLlNnNnNnnNnOoOoOo  RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
static_assert(unaccented.size() == 0x180 - 0xC0);

struct Replacement {
    std::uint32_t code_point;
    std::string_view text;
};
constexpr auto replacements = std::to_array<Replacement>({
    {0x00A3, " pounds "}, {0x00AD, ""},   {0x00B0, " degrees "}, {0x00C6, "AE"}, {0x00DE, "Th"}, {0x00DF, "ss"},
    {0x00E6, "ae"},       {0x00FE, "th"}, {0x0132, "IJ"},        {0x0133, "ij"}, {0x0152, "OE"}, {0x0153, "oe"},
    {0x200B, ""},         {0x200C, ""},   {0x200D, ""},          {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},
    {0x2013, ", "},       {0x2014, ", "}, {0x2018, "'"},         {0x2019, "'"},  {0x2026, ", "}, {0x20AC, " euros "},
    {0xFE0F, ""},         {0xFEFF, ""},
});
static_assert(std::ranges::is_sorted(replacements, {}, &Replacement::code_point));

void append_ascii(std::string& out, std::uint32_t code_point) {
    if (code_point > 0x20 && code_point < 0x7F) {
        out += static_cast<char>(code_point);
        return;
    }
    if (code_point >= 0x0300 && code_point <= 0x036F) return;  // combining accents, behind their letter
    const auto found = std::ranges::lower_bound(replacements, code_point, {}, &Replacement::code_point);
    if (found != replacements.end() && found->code_point == code_point)
        out += found->text;
    else if (code_point >= 0xC0 && code_point < 0x180)
        out += unaccented[code_point - 0xC0];
    else
        out += ' ';
}

std::string ascii_of(std::string_view text) {
    std::string ascii;
    ascii.reserve(text.size());
    while (!text.empty()) {
        const CodePoint next = first_code_point(text);
        append_ascii(ascii, next.value);
        text.remove_prefix(next.size);
    }
    return ascii;
}

// What is said for a symbol that stands alone; empty for those that are not said.
std::string_view word_for(std::string_view symbol) {
    constexpr auto words = std::to_array<std::pair<std::string_view, std::string_view>>(
        {{"&", "and"}, {"@", "at"}, {"%", "percent"}, {"+", "plus"}, {"=", "equals"}});
    const auto found = std::ranges::find(words, symbol, &std::pair<std::string_view, std::string_view>::first);
    return found == words.end() ? std::string_view{} : found->second;
}

void append_word(std::string& out, std::string_view word) {
    if (!out.empty()) out += ' ';
    out += word;
}

// Pieces of a word that is too long; a piece without a letter or digit is left out.
void append_bounded(std::string& out, std::string_view word) {
    for (; !word.empty(); word.remove_prefix(std::min(word_bytes_max, word.size()))) {
        const auto piece = word.substr(0, word_bytes_max);
        if (std::ranges::any_of(piece, is_letter_or_digit)) append_word(out, piece);
    }
}

void append_token(std::string& out, std::string_view token) {
    if (std::ranges::any_of(token, is_letter_or_digit)) {
        append_bounded(out, token);
    } else if (const auto word = word_for(token); !word.empty()) {
        append_word(out, word);
    } else if (is_pause_mark(token.front()) && !out.empty() && is_letter_or_digit(out.back())) {
        out += token.front();  // a mark on its own still makes the pause it stands for
    }
}

}  // namespace

std::string speakable_text(std::string_view text) {
    const std::string ascii = ascii_of(text);
    std::string speakable;
    speakable.reserve(ascii.size());
    for (std::string_view rest = ascii; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (end > 0) append_token(speakable, rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return speakable;
}

}  // namespace voice
