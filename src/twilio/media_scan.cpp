#include "twilio/media_scan.hpp"

#include "twilio/stream_limits.hpp"

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace twilio {
namespace {

constexpr std::uint64_t every_byte(std::uint64_t value) {
    return value * 0x0101010101010101U;
}

// Marks the bytes of `word` that are zero; above the lowest zero byte it may mark others too, below it none.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
    return (word - every_byte(1)) & ~word & every_byte(0x80);
}

// The lowest marked byte is the first quote, backslash, control character or byte beyond ASCII. Eight at a time,
// because nearly all of a message is payload.
constexpr std::uint64_t special_bytes(std::uint64_t word) {
    const std::uint64_t not_ascii = word & every_byte(0x80);
    const std::uint64_t control = (word - every_byte(0x20)) & ~word & every_byte(0x80);
    return not_ascii | control | zero_bytes(word ^ every_byte('"')) | zero_bytes(word ^ every_byte('\\'));
}

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// Length of the plain beginning of `text`.
std::size_t plain_size(std::string_view text) {
    std::size_t size = 0;
    if constexpr (std::endian::native == std::endian::little) {
        for (std::uint64_t word = 0; size + sizeof word <= text.size(); size += sizeof word) {
            std::memcpy(&word, text.data() + size, sizeof word);
            if (const auto special = special_bytes(word))
                return size + static_cast<std::size_t>(std::countr_zero(special)) / 8;
        }
    }
    while (size < text.size() && is_plain(text[size])) ++size;
    return size;
}

class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool skip(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    // The characters up to a closing quote, which is consumed. False if anything in them needs a real JSON parser.
    bool string(std::string_view& value) {
        const std::size_t size = plain_size(rest_);
        if (size == rest_.size() || rest_[size] != '"') return false;
        value = rest_.substr(0, size);
        rest_.remove_prefix(size + 1);
        return true;
    }

    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

// A member seen for the first time; a repeated key is left to the JSON reader, which refuses it.
bool read_once(Scanner& scanner, std::string_view& value, bool& seen) {
    if (seen) return false;
    seen = true;
    return scanner.string(value);
}

bool to_timestamp(std::string_view digits, std::chrono::milliseconds& timestamp) {
    if (digits.empty() || digits.size() > limits::counter_digits_max) return false;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    timestamp = std::chrono::milliseconds(value);
    return error == std::errc{} && end == digits.data() + digits.size() && value >= 0;
}

// Behind `"media":{`, up to and with the closing brace.
bool scan_media_object(Scanner& scanner, Media& media) {
    bool track = false, chunk = false, timestamp = false, payload = false;
    std::string_view chunk_text, timestamp_text;
    do {
        const bool known = scanner.skip(R"("track":")")       ? read_once(scanner, media.track, track)
                           : scanner.skip(R"("chunk":")")     ? read_once(scanner, chunk_text, chunk)
                           : scanner.skip(R"("timestamp":")") ? read_once(scanner, timestamp_text, timestamp)
                           : scanner.skip(R"("payload":")")   ? read_once(scanner, media.payload_base64, payload)
                                                              : false;
        if (!known) return false;
    } while (scanner.skip(","));
    return scanner.skip("}") && track && payload && timestamp && media.track.size() <= limits::track_bytes_max &&
           to_timestamp(timestamp_text, media.timestamp);
}

}  // namespace

std::optional<Media> scan_media(std::string_view text) {
    Scanner scanner(text);
    if (!scanner.skip(R"({"event":"media")")) return std::nullopt;
    Media media;
    bool stream_sid = false, sequence_number = false, media_object = false;
    std::string_view sequence_number_text;
    while (scanner.skip(",")) {
        if (scanner.skip(R"("sequenceNumber":")")) {
            if (!read_once(scanner, sequence_number_text, sequence_number)) return std::nullopt;
        } else if (scanner.skip(R"("streamSid":")")) {
            if (!read_once(scanner, media.stream_sid, stream_sid)) return std::nullopt;
        } else if (scanner.skip(R"("media":{)") && !media_object) {
            media_object = true;
            if (!scan_media_object(scanner, media)) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    if (!scanner.skip("}") || !scanner.at_end() || !media_object || media.stream_sid.size() > sid_bytes_max)
        return std::nullopt;
    return media;
}

}  // namespace twilio
