#include "websocket/handshake.hpp"

#include "encoding/base64.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

namespace websocket {
namespace {

constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
constexpr std::string_view version = "13";
constexpr std::size_t key_bytes = 16;
constexpr std::size_t response_header_max = 16 * 1024;
constexpr std::size_t refusal_body_max = 8 * 1024;

bool same_letters(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Whether a comma-separated header value such as "keep-alive, Upgrade" names `token`.
bool names(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (same_letters(trim(list.substr(0, comma)), token)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

// Line ends in a value would let it write headers of its own.
void append_value(std::string& out, std::string_view value) {
    std::ranges::copy_if(value, std::back_inserter(out), [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    append_value(out, name);
    out += ": ";
    append_value(out, value);
    out += "\r\n";
}

// The header of a response, as far as the handshake looks at it.
struct ResponseHeader {
    int status = 0;
    std::string_view upgrade, connection, accept;
    bool extension = false;  // or a subprotocol: we offer neither
    std::optional<std::size_t> content_length;
};

std::optional<int> read_status_line(std::string_view line) {
    // HTTP/1.1 101 Switching Protocols
    if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ' || (line.size() > 12 && line[12] != ' '))
        return std::nullopt;
    int status = 0;
    const char* const end = line.data() + 12;
    const auto [stop, error] = std::from_chars(line.data() + 9, end, status);
    if (error != std::errc{} || stop != end || status < 100) return std::nullopt;
    return status;
}

bool read_length(std::optional<std::size_t>& length, std::string_view value) {
    std::size_t number = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || stop != value.data() + value.size()) return false;
    return std::exchange(length, number).value_or(number) == number;
}

bool read_field(ResponseHeader& header, std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() || name.find_first_of(" \t") != std::string_view::npos)
        return false;
    const std::string_view value = trim(line.substr(colon + 1));
    if (same_letters(name, "Upgrade")) header.upgrade = value;
    if (same_letters(name, "Connection")) header.connection = value;
    if (same_letters(name, "Sec-WebSocket-Accept")) header.accept = value;
    if (same_letters(name, "Sec-WebSocket-Extensions") || same_letters(name, "Sec-WebSocket-Protocol"))
        header.extension |= !value.empty();
    return !same_letters(name, "Content-Length") || read_length(header.content_length, value);
}

// `block` is everything up to and with the empty line.
std::optional<ResponseHeader> read_response_header(std::string_view block) {
    ResponseHeader header;
    std::size_t line_end = block.find("\r\n");
    const auto status = read_status_line(block.substr(0, line_end));
    if (!status) return std::nullopt;
    header.status = *status;
    for (block.remove_prefix(line_end + 2); block != "\r\n"; block.remove_prefix(line_end + 2)) {
        line_end = block.find("\r\n");
        if (!read_field(header, block.substr(0, line_end))) return std::nullopt;
    }
    return header;
}

std::expected<UpgradeResponse, ResponseError> check_accepted(const ResponseHeader& header, std::string_view key,
                                                             std::size_t header_bytes) {
    if (!names(header.upgrade, "websocket") || !names(header.connection, "upgrade"))
        return std::unexpected(ResponseError::malformed);
    if (header.accept != accept_for(key)) return std::unexpected(ResponseError::wrong_accept);
    if (header.extension) return std::unexpected(ResponseError::unwanted_extension);
    return UpgradeResponse{header.status, {}, header_bytes};
}

}  // namespace

std::string accept_for(std::string_view key) {
    const std::string text = std::string(key).append(guid);
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return encoding::to_base64(std::as_bytes(std::span(digest)));
}

std::expected<std::string, UpgradeError> answer_upgrade(const UpgradeHeaders& headers) {
    if (headers.method != "GET") return std::unexpected(UpgradeError::not_get);
    if (!names(headers.connection, "upgrade") || !names(headers.upgrade, "websocket"))
        return std::unexpected(UpgradeError::not_an_upgrade);
    if (trim(headers.version) != version) return std::unexpected(UpgradeError::bad_version);
    const std::string_view key = trim(headers.key);
    const auto decoded = encoding::from_base64(key);
    if (!decoded || decoded->size() != key_bytes) return std::unexpected(UpgradeError::bad_key);

    std::string response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    append_header(response, "Sec-WebSocket-Accept", accept_for(key));
    return response += "\r\n";
}

std::string new_key(std::string_view sixteen_random_bytes) {
    return encoding::to_base64(std::as_bytes(std::span(sixteen_random_bytes)));
}

std::string write_upgrade_request(const UpgradeRequest& request) {
    std::string out = "GET ";
    append_value(out, request.target);
    out += " HTTP/1.1\r\n";
    append_header(out, "Host", request.host);
    out += "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    append_header(out, "Sec-WebSocket-Version", version);
    append_header(out, "Sec-WebSocket-Key", request.key);
    for (const auto& [name, value] : request.headers) append_header(out, name, value);
    return out += "\r\n";
}

std::expected<UpgradeResponse, ResponseError> read_upgrade_response(std::string_view received, std::string_view key,
                                                                    bool ended) {
    constexpr std::string_view start = "HTTP/1.";
    std::size_t begin = 0;  // of the response that counts: 100 Continue or 103 Early Hints may come before it
    for (;;) {
        const std::string_view rest = received.substr(begin);
        const std::size_t common = std::min(start.size(), rest.size());
        if (rest.substr(0, common) != start.substr(0, common)) return std::unexpected(ResponseError::malformed);
        const std::size_t block = rest.substr(0, response_header_max - begin).find("\r\n\r\n");
        if (block == std::string_view::npos) {
            if (received.size() >= response_header_max) return std::unexpected(ResponseError::too_large);
            if (ended) return std::unexpected(ResponseError::malformed);
            return UpgradeResponse{};
        }
        const auto header = read_response_header(rest.substr(0, block + 4));
        if (!header) return std::unexpected(ResponseError::malformed);
        begin += block + 4;
        if (header->status == 101) return check_accepted(*header, key, begin);
        if (header->status < 200) continue;

        const std::size_t expected = std::min(header->content_length.value_or(0), refusal_body_max);
        if (received.size() - begin < expected && !ended) return UpgradeResponse{};
        const std::size_t limit = header->content_length ? expected : refusal_body_max;
        return UpgradeResponse{header->status, std::string(received.substr(begin, limit)), begin};
    }
}

}  // namespace websocket
