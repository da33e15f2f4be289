#include "call/greeting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace call {

namespace {

// One step through a template: literal text, or the name of a value.
struct Piece {
    enum class Kind { text, name, unclosed, unopened };
    Kind kind;
    std::string_view content;
};

// Takes the next piece off the front of `rest`, which must not be empty.
Piece next_piece(std::string_view& rest) {
    const auto take = [&rest](std::size_t size) {
        const auto taken = rest.substr(0, size);
        rest.remove_prefix(size);
        return taken;
    };
    if (rest.starts_with("{{") || rest.starts_with("}}")) return {Piece::Kind::text, take(2).substr(1)};
    if (rest.front() == '}') return {Piece::Kind::unopened, take(1)};
    if (rest.front() == '{') {
        const auto close = rest.find_first_of("{}", 1);
        if (close == std::string_view::npos || rest[close] == '{') return {Piece::Kind::unclosed, take(1)};
        return {Piece::Kind::name, take(close + 1).substr(1, close - 1)};
    }
    return {Piece::Kind::text, take(std::min(rest.find_first_of("{}"), rest.size()))};
}

std::string_view value_of(std::string_view name, const GreetingValues& values) {
    const auto found = std::ranges::find(values, name, [](const auto& entry) { return std::string_view(entry.first); });
    return found == values.end() ? std::string_view{} : std::string_view(found->second);
}

bool continues_utf8(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The longest prefix within `bytes_max` that ends with a whole word; with a whole character where one word is longer
// than that.
void cut_at_word(std::string& text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return;
    constexpr std::string_view blanks = " \t\r\n";
    std::size_t end = bytes_max;
    const bool word_ends_here = blanks.contains(text[end]);
    if (!word_ends_here) {
        const auto blank = end == 0 ? std::string::npos : text.find_last_of(blanks, end - 1);
        if (blank != std::string::npos) end = blank;
        while (end > 0 && continues_utf8(text[end])) --end;
    }
    text.resize(end);
    text.resize(text.find_last_not_of(blanks) + 1);
}

}  // namespace

std::string fill_greeting(std::string_view greeting, const GreetingValues& values, std::size_t text_bytes_max) {
    std::string text;
    // Past the bound nothing matters any more, however many values a template repeats.
    while (!greeting.empty() && text.size() <= text_bytes_max) {
        const Piece piece = next_piece(greeting);
        text += piece.kind == Piece::Kind::name ? value_of(piece.content, values) : piece.content;
    }
    cut_at_word(text, text_bytes_max);
    return text;
}

std::vector<std::string_view> names_in(std::string_view greeting) {
    std::vector<std::string_view> names;
    while (!greeting.empty()) {
        const Piece piece = next_piece(greeting);
        if (piece.kind == Piece::Kind::name) names.push_back(piece.content);
    }
    return names;
}

std::expected<void, std::string> check_greeting(std::string_view greeting) {
    const auto size = greeting.size();
    while (!greeting.empty()) {
        const auto position = size - greeting.size() + 1;
        const Piece piece = next_piece(greeting);
        if (piece.kind == Piece::Kind::unclosed)
            return std::unexpected(
                fmt::format("the brace at character {} is not closed; write {{{{ for a brace", position));
        if (piece.kind == Piece::Kind::unopened)
            return std::unexpected(
                fmt::format("the brace at character {} closes nothing; write }}}} for a brace", position));
        if (piece.kind == Piece::Kind::name && piece.content.empty())
            return std::unexpected(
                fmt::format("the braces at character {} are empty; a name belongs between them", position));
    }
    return {};
}

}  // namespace call
