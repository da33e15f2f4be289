#include "twilio/media_scan.hpp"

#include "twilio/stream_limits.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace twilio {
namespace {

// Sixteen characters as a compiler vector: SSE2 or NEON without a line of intrinsics.
typedef signed char Block __attribute__((vector_size(16)));
using Halves = std::array<std::uint64_t, sizeof(Block) / sizeof(std::uint64_t)>;

// All ones where a quote, a backslash, a control character or a byte beyond ASCII stands; the last two are what is
// below a space when bytes are signed.
Block special_characters(Block block) {
    return (block < Block{} + ' ') | (block == Block{} + '"') | (block == Block{} + '\\');
}

std::size_t first_marked(const Halves& marks) {
    const auto place = [](std::uint64_t half) {
        const int bits = std::endian::native == std::endian::little ? std::countr_zero(half) : std::countl_zero(half);
        return static_cast<std::size_t>(bits) / 8;
    };
    return marks[0] != 0 ? place(marks[0]) : sizeof(std::uint64_t) + place(marks[1]);
}

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// Length of the plain beginning of `text`. In blocks, because nearly all of a message is payload.
std::size_t plain_size(std::string_view text) {
    std::size_t size = 0;
    for (Block block; size + sizeof block <= text.size(); size += sizeof block) {
        std::memcpy(&block, text.data() + size, sizeof block);
        const auto marks = std::bit_cast<Halves>(special_characters(block));
        if ((marks[0] | marks[1]) != 0) return size + first_marked(marks);
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
