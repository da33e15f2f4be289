#include "twilio/xml_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace twilio {
namespace {

constexpr char32_t replacement_character = 0xFFFD;

struct CodePoint {
    char32_t value = replacement_character;
    std::size_t bytes = 1;
    bool valid = false;
};

// The first code point of a text that is not empty. Overlong forms, surrogates and broken sequences count as one
// invalid byte.
CodePoint first_code_point(std::string_view text) {
    struct Form {
        unsigned char lead_mask, lead;
        char32_t smallest;
    };
    static constexpr std::array<Form, 4> forms{
        {{0x80, 0x00, 0x0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}}};
    const auto lead = static_cast<unsigned char>(text.front());
    for (std::size_t bytes = 1; bytes <= forms.size(); ++bytes) {
        const Form& form = forms[bytes - 1];
        if ((lead & form.lead_mask) != form.lead) continue;
        if (text.size() < bytes) return {};
        char32_t value = lead & static_cast<unsigned char>(~form.lead_mask);
        for (const char c : text.substr(1, bytes - 1)) {
            const auto byte = static_cast<unsigned char>(c);
            if ((byte & 0xC0U) != 0x80U) return {};
            value = (value << 6U) | (byte & 0x3FU);
        }
        const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        if (value < form.smallest || value > 0x10FFFF || surrogate) return {};
        return {.value = value, .bytes = bytes, .valid = true};
    }
    return {};
}

// The production Char of XML 1.0, section 2.2.
bool is_xml_character(char32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c != 0xFFFE && c != 0xFFFF;
}

enum class Place { text, attribute };

// White space in attributes and carriage returns anywhere survive a parser only as references. `>` is escaped for the
// sake of "]]>".
std::string_view entity(char32_t c, Place place) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '\r':
            return "&#13;";
        case '"':
            return place == Place::attribute ? "&quot;" : "";
        case '\n':
            return place == Place::attribute ? "&#10;" : "";
        case '\t':
            return place == Place::attribute ? "&#9;" : "";
        default:
            return "";
    }
}

// Letters, digits and most of the punctuation of ASCII: nothing in any place of a document.
constexpr std::array<bool, 256> means_itself = [] {
    std::array<bool, 256> itself{};
    for (unsigned char c = ' '; c <= '~'; ++c) itself[c] = c != '&' && c != '<' && c != '>' && c != '"';
    return itself;
}();

std::size_t size_of_plain(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && means_itself[static_cast<unsigned char>(text[size])]) ++size;
    return size;
}

void append_escaped(std::string& out, std::string_view text, Place place) {
    while (true) {
        const std::size_t plain = size_of_plain(text);
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        const CodePoint c = first_code_point(text);
        if (!c.valid) {
            out.append("\uFFFD");
        } else if (const auto escaped = entity(c.value, place); !escaped.empty()) {
            out.append(escaped);
        } else if (is_xml_character(c.value)) {
            out.append(text.substr(0, c.bytes));
        }
        text.remove_prefix(c.bytes);
    }
}

std::size_t utf16_units(const CodePoint& c) {
    return c.value >= 0x10000 ? 2 : 1;
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

void append_xml_text(std::string& out, std::string_view text) {
    append_escaped(out, text, Place::text);
}

void append_xml_attribute(std::string& out, std::string_view name, std::string_view value) {
    out.append(" ").append(name).append("=\"");
    append_escaped(out, value, Place::attribute);
    out.append("\"");
}

std::size_t utf16_size(std::string_view text) {
    const auto ascii = std::ranges::find_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; });
    auto size = static_cast<std::size_t>(ascii - text.begin());
    text.remove_prefix(size);
    while (!text.empty()) {
        const CodePoint c = first_code_point(text);
        size += utf16_units(c);
        text.remove_prefix(c.bytes);
    }
    return size;
}

std::string_view cut_at_word(std::string_view text, std::size_t characters_max) {
    std::size_t bytes = 0;       // of the longest beginning that fits
    std::size_t word_bytes = 0;  // of that, up to the last end of a word
    std::size_t characters = 0;
    while (bytes < text.size()) {
        const CodePoint c = first_code_point(text.substr(bytes));
        if (is_space(text[bytes]) && bytes > 0 && !is_space(text[bytes - 1])) word_bytes = bytes;
        characters += utf16_units(c);
        if (characters > characters_max) return text.substr(0, word_bytes > 0 ? word_bytes : bytes);
        bytes += c.bytes;
    }
    return text;
}

}  // namespace twilio
