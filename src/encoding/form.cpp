#include "encoding/form.hpp"

#include <algorithm>

namespace encoding {

namespace {

constexpr bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// RFC 3986 section 2.3.
constexpr bool is_unreserved(char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// WHATWG URL, "application/x-www-form-urlencoded percent-encode set": differs from the above in '*' and '~'.
constexpr bool stays_in_form(char c) {
    return is_alphanumeric(c) || c == '*' || c == '-' || c == '.' || c == '_';
}

// The value of a hex digit, or -1.
constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

void append_percent(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 0x0F];
}

std::size_t size_of_plain(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && text[size] != '%' && text[size] != '+') ++size;
    return size;
}

// `out` is empty. `plus`: what a `+` stands for.
void decode(std::string& out, std::string_view text, char plus = ' ') {
    std::size_t plain = size_of_plain(text);
    out.reserve(text.size());
    for (;; plain = size_of_plain(text)) {
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const int high = text[0] == '%' && text.size() > 2 ? hex_value(text[1]) : -1;
        const int low = high >= 0 ? hex_value(text[2]) : -1;
        out += low >= 0 ? static_cast<char>(high << 4 | low) : text[0] == '+' ? plus : '%';
        text.remove_prefix(low >= 0 ? 3 : 1);
    }
}

void append_form_text(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (stays_in_form(c))
            out += c;
        else if (c == ' ')
            out += '+';
        else
            append_percent(out, c);
    }
}

}  // namespace

std::expected<FormFields, FormError> parse_form(std::string_view body) {
    FormFields fields;
    fields.reserve(std::min(static_cast<std::size_t>(std::ranges::count(body, '&')) + 1, form_fields_max));
    while (!body.empty()) {
        const std::size_t end = std::min(body.find('&'), body.size());
        const std::string_view field = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        if (field.empty()) continue;
        if (fields.size() == form_fields_max) return std::unexpected(FormError::too_many_fields);
        const std::size_t equals = std::min(field.find('='), field.size());
        auto& [name, value] = fields.emplace_back();
        decode(name, field.substr(0, equals));
        decode(value, field.substr(std::min(equals + 1, field.size())));
    }
    return fields;
}

std::string write_form(const FormFields& fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        if (&name != &fields.front().first) out += '&';
        append_form_text(out, name);
        out += '=';
        append_form_text(out, value);
    }
    return out;
}

std::optional<std::string_view> find(const FormFields& fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, &FormFields::value_type::first);
    if (found == fields.end()) return std::nullopt;
    return found->second;
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c))
            out += c;
        else
            append_percent(out, c);
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    decode(out, text, '+');
    return out;
}

}  // namespace encoding
