#include "json_log.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <spdlog/details/log_msg.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>

namespace {

bool is_key_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// The length of "key=" at the front; 0 when there is none.
std::size_t key_length(std::string_view text) {
    const auto end = std::ranges::find_if_not(text, is_key_character);
    return end != text.begin() && end != text.end() && *end == '=' ? static_cast<std::size_t>(end - text.begin()) + 1
                                                                   : 0;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    if (code_point < 0x80) return byte(code_point);
    if (code_point < 0x800) {
        byte(0xC0 | code_point >> 6);
    } else {
        byte(0xE0 | code_point >> 12);
        byte(0x80 | (code_point >> 6 & 0x3F));
    }
    byte(0x80 | (code_point & 0x3F));
}

// One escape as fmt writes it in {:?}: \n \r \t \" \\ \xHH \uHHHH \UHHHHHHHH. Takes it off the text.
void append_escaped(std::string& out, std::string_view& text) {
    const char kind = text.empty() ? '\\' : text.front();
    text.remove_prefix(text.empty() ? 0 : 1);
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    if (digits == 0) {
        out += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
        return;
    }
    const std::string_view number = text.substr(0, digits);
    std::uint32_t code_point = 0;
    std::from_chars(number.data(), number.data() + number.size(), code_point, 16);
    text.remove_prefix(number.size());
    append_utf8(out, code_point < 0x10000 ? code_point : 0xFFFD);
}

// What stands between quotes; takes it and both quotes off the text.
std::string take_quoted(std::string_view& text) {
    std::string value;
    text.remove_prefix(1);
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '"') break;
        if (c == '\\') {
            append_escaped(value, text);
        } else {
            value += c;
        }
    }
    return value;
}

std::string_view take_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

std::string as_text(std::string_view text) {
    return boost::json::serialize(boost::json::string(text));
}

// As JSON writes a number: 0, -12, 3.50; not inf, 1e9 or 007.
bool is_plain_number(std::string_view word) {
    const auto take_digits = [&] {
        const auto end = std::ranges::find_if_not(word, [](char c) { return c >= '0' && c <= '9'; });
        const auto count = static_cast<std::size_t>(end - word.begin());
        word.remove_prefix(count);
        return count;
    };
    if (word.starts_with('-')) word.remove_prefix(1);
    const bool leading_zero = word.starts_with('0');
    const std::size_t whole_digits = take_digits();
    if (whole_digits == 0 || (leading_zero && whole_digits > 1)) return false;
    if (word.empty()) return true;
    if (word.front() != '.') return false;
    word.remove_prefix(1);
    return take_digits() > 0 && word.empty();
}

std::string as_json(std::string_view word) {
    return word == "true" || word == "false" || is_plain_number(word) ? std::string(word) : as_text(word);
}

class JsonLogFormatter final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(message.time.time_since_epoch());
        const auto second = std::chrono::floor<std::chrono::seconds>(since_1970);
        const auto level = spdlog::level::to_string_view(message.level);
        fmt::format_to(std::back_inserter(out),
                       R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}"{}}})"
                       "\n",
                       fmt::gmtime(static_cast<std::time_t>(second.count())), (since_1970 - second).count(),
                       std::string_view(level.data(), level.size()),
                       json_members({message.payload.data(), message.payload.size()}));
    }
    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonLogFormatter>(); }
};

}  // namespace

std::string json_members(std::string_view message) {
    std::string event, members;
    while (!message.empty() && key_length(message) == 0) {
        event.append(event.empty() ? "" : " ").append(take_word(message));
        message.remove_prefix(message.empty() ? 0 : 1);
    }
    const auto add = [&](std::string_view key, std::string_view value) {
        members.append(",\"").append(key).append("\":").append(value);
    };
    add("event", as_text(event));
    while (const std::size_t key = key_length(message)) {
        const std::string_view name = message.substr(0, key - 1);
        message.remove_prefix(key);
        if (message.starts_with('"')) {
            add(name, as_text(take_quoted(message)));
        } else {
            add(name, as_json(take_word(message)));
        }
        message.remove_prefix(message.empty() ? 0 : 1);
    }
    if (!message.empty()) add("rest", as_text(message));
    return members;
}

std::unique_ptr<spdlog::formatter> make_json_log_formatter() {
    return std::make_unique<JsonLogFormatter>();
}
