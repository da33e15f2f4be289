#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace http {
namespace {

struct Reason {
    int status;
    std::string_view phrase;
};
// RFC 9110 section 15, RFC 6585; the codes this server answers with, in order.
constexpr std::array reasons = {
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{402, "Payment Required"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{422, "Unprocessable Content"},
    Reason{426, "Upgrade Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
};
static_assert(std::ranges::is_sorted(reasons, {}, &Reason::status));

bool same_letters(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

// A target in absolute form, which every server must understand (RFC 9112 section 3.2.2), from its path on.
std::string_view without_origin(std::string_view target) {
    const std::size_t colon = target.find("://");
    if (colon == std::string_view::npos) return target;
    const std::string_view scheme = target.substr(0, colon);
    if (!same_letters(scheme, "http") && !same_letters(scheme, "https")) return target;
    return target.substr(std::min(target.find_first_of("/?", colon + 3), target.size()));
}

// Line ends in a value would let it write headers of its own.
void append_value(std::string& out, std::string_view value) {
    const auto may_not = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    if (std::ranges::none_of(value, may_not)) {
        out += value;
    } else {
        std::ranges::remove_copy_if(value, std::back_inserter(out), may_not);
    }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    append_value(out, name);
    out += ": ";
    append_value(out, value);
    out += "\r\n";
}

// Length of the well-formed UTF-8 character that `text` begins with (Unicode, table 3-7); 0 when there is none.
std::size_t character_size(std::string_view text) {
    const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (size == 0 || byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < size; ++i)
        if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
    return size;
}

// A detail may quote what a client sent, so it can hold anything; JSON may not.
void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        const std::size_t size = character_size(text);
        if (size == 0) {
            out += "\\ufffd";
        } else if (first == '"' || first == '\\') {
            (out += '\\') += text.front();
        } else if (first < 0x20) {
            ((out += "\\u00") += hex[first >> 4]) += hex[first & 0xF];
        } else {
            out += text.substr(0, size);
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    out += '"';
}

}  // namespace

std::string_view Request::path() const {
    const std::string_view local = without_origin(target);
    const std::string_view path = local.substr(0, local.find('?'));
    return path.empty() ? "/" : path;
}

std::string_view Request::query() const {
    const std::string_view local = without_origin(target);
    const std::size_t mark = local.find('?');
    return mark == std::string_view::npos ? std::string_view{} : local.substr(mark + 1);
}

std::string_view Request::header(std::string_view name) const {
    const auto found =
        std::ranges::find_if(headers, [name](const auto& field) { return same_letters(field.first, name); });
    return found == headers.end() ? std::string_view{} : found->second;
}

std::vector<std::string_view> Request::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [its_name, value] : headers) {
        if (same_letters(its_name, name)) values.emplace_back(value);
    }
    return values;
}

Response error(int status, std::string_view detail) {
    std::string body = "{\"detail\": ";
    append_json_string(body, detail);
    body += '}';
    return {status, "application/json", std::move(body), {}};
}

Response json(std::string body) {
    return {200, "application/json", std::move(body), {}};
}

// Twilio takes text/xml; the charset keeps names and greetings of any script whole.
Response xml(std::string body) {
    return {200, "text/xml; charset=utf-8", std::move(body), {}};
}

std::string_view reason_phrase(int status) {
    const auto found = std::ranges::lower_bound(reasons, status, {}, &Reason::status);
    return found != reasons.end() && found->status == status ? found->phrase : std::string_view{};
}

namespace {

void append_head(std::string& out, const Response& response, bool keep_alive, std::string_view length_header,
                 std::string_view length) {
    out += "HTTP/1.1 ";
    out += std::to_string(response.status);
    (out += ' ') += reason_phrase(response.status);
    out += "\r\nServer: mouthpiece\r\nConnection: ";
    out += keep_alive ? "keep-alive\r\n" : "close\r\n";
    if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
    if (!length_header.empty()) append_header(out, length_header, length);
    for (const auto& [name, value] : response.headers) append_header(out, name, value);
    out += "\r\n";
}

}  // namespace

std::string write(const Response& response, bool keep_alive, bool head_only) {
    const bool bodiless = response.status == 204 || response.status == 304;  // RFC 9110: these never have one
    std::string out;
    out.reserve(256 + (head_only ? 0 : response.body.size()));
    append_head(out, response, keep_alive, bodiless ? "" : "Content-Length", std::to_string(response.body.size()));
    if (!head_only && !bodiless) out += response.body;
    return out;
}

std::string write_head(const Response& response, std::uint64_t body_bytes, bool keep_alive) {
    std::string out;
    append_head(out, response, keep_alive, "Content-Length", std::to_string(body_bytes));
    return out;
}

std::string write_chunked_head(const Response& response, bool keep_alive) {
    std::string out;
    append_head(out, response, keep_alive, "Transfer-Encoding", "chunked");
    return out;
}

}  // namespace http
