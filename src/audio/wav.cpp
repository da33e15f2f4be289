#include "audio/wav.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace audio {

namespace {

constexpr std::uint16_t pcm_tag = 1, mulaw_tag = 7;
constexpr std::size_t chunk_header_size = 8;
constexpr std::size_t format_size_min = 16;
constexpr std::uint32_t until_the_end = 0xFFFFFFFF;

class Writer {
public:
    void text(std::string_view tag) {
        for (const char c : tag) bytes_.push_back(static_cast<std::byte>(c));
    }
    void u16(std::uint32_t value) { little_endian(value, 2); }
    void u32(std::uint32_t value) { little_endian(value, 4); }
    void raw(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    void pad_to_even() {
        if (bytes_.size() % 2 != 0) bytes_.push_back(std::byte{0});
    }
    // Writes the size of everything behind the RIFF header, which is known only now.
    std::vector<std::byte> finish() {
        const auto size = static_cast<std::uint32_t>(bytes_.size() - chunk_header_size);
        for (std::size_t i = 0; i < 4; ++i) bytes_[4 + i] = static_cast<std::byte>(size >> (8 * i));
        return std::move(bytes_);
    }

private:
    void little_endian(std::uint32_t value, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    }

    std::vector<std::byte> bytes_;
};

void write_head(Writer& out, std::uint16_t tag, int rate_hz, std::uint32_t sample_bytes, std::uint32_t channels = 1) {
    const auto rate = static_cast<std::uint32_t>(rate_hz);
    const bool extended = tag != pcm_tag;  // every format but PCM states the size of its extension, here none
    out.text("RIFF");
    out.u32(0);
    out.text("WAVEfmt ");
    out.u32(extended ? format_size_min + 2 : format_size_min);
    out.u16(tag);
    out.u16(channels);
    out.u32(rate);
    out.u32(rate * sample_bytes * channels);
    out.u16(sample_bytes * channels);
    out.u16(sample_bytes * 8);
    if (extended) out.u16(0);
}

std::uint32_t little_endian(std::span<const std::byte> bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
    return value;
}

bool has_tag(std::span<const std::byte> bytes, std::string_view tag) {
    return bytes.size() >= tag.size() && std::ranges::equal(bytes.first(tag.size()), std::as_bytes(std::span(tag)));
}

struct Format {
    std::uint16_t tag = 0;
    int rate_hz = 0;
};

std::expected<Format, WavError> read_format(std::span<const std::byte> chunk) {
    if (chunk.size() < format_size_min) return std::unexpected(WavError::unsupported_format);
    const auto tag = static_cast<std::uint16_t>(little_endian(chunk.subspan(0, 2)));
    const std::uint32_t channels = little_endian(chunk.subspan(2, 2));
    const std::uint32_t rate_hz = little_endian(chunk.subspan(4, 4));
    const std::uint32_t sample_bytes = little_endian(chunk.subspan(12, 2));
    const std::uint32_t bits = little_endian(chunk.subspan(14, 2));

    const bool known = (tag == pcm_tag && bits == 16) || (tag == mulaw_tag && bits == 8);
    const bool rate_is_sane = rate_hz >= 1 && rate_hz <= wav_rate_hz_max;
    if (!known || channels != 1 || sample_bytes * 8 != bits || !rate_is_sane)
        return std::unexpected(WavError::unsupported_format);
    return Format{tag, static_cast<int>(rate_hz)};
}

std::expected<Wav, WavError> read_samples(const Format& format, std::span<const std::byte> chunk) {
    if (format.tag == mulaw_tag) return Wav{format.rate_hz, MulawSamples(chunk.begin(), chunk.end())};
    if (chunk.size() % 2 != 0) return std::unexpected(WavError::truncated);
    PcmSamples samples(chunk.size() / 2);
    for (std::size_t i = 0; i < samples.size(); ++i)
        samples[i] = static_cast<std::int16_t>(little_endian(chunk.subspan(2 * i, 2)));
    return Wav{format.rate_hz, std::move(samples)};
}

}  // namespace

std::vector<std::byte> write_wav(std::span<const std::byte> mulaw) {
    const auto size = static_cast<std::uint32_t>(mulaw.size());
    Writer out;
    write_head(out, mulaw_tag, sample_rate_hz, 1);
    out.text("fact");
    out.u32(4);
    out.u32(size);
    out.text("data");
    out.u32(size);
    out.raw(mulaw);
    out.pad_to_even();
    return out.finish();
}

std::array<std::byte, stereo_head_bytes> write_stereo_head(std::uint32_t frames) {
    constexpr std::uint32_t channels = 2;
    Writer out;
    write_head(out, mulaw_tag, sample_rate_hz, 1, channels);
    out.text("fact");
    out.u32(4);
    out.u32(frames);
    out.text("data");
    out.u32(frames * channels);
    const auto written = out.finish();
    std::array<std::byte, stereo_head_bytes> head{};
    std::ranges::copy(written, head.begin());
    const std::uint32_t riff_bytes = stereo_head_bytes - chunk_header_size + frames * channels;
    for (std::size_t i = 0; i < 4; ++i) head[4 + i] = static_cast<std::byte>(riff_bytes >> (8 * i));
    return head;
}

std::vector<std::byte> write_wav(std::span<const std::int16_t> samples, int rate_hz) {
    Writer out;
    write_head(out, pcm_tag, rate_hz, 2);
    out.text("data");
    out.u32(static_cast<std::uint32_t>(samples.size() * 2));
    for (const std::int16_t sample : samples) out.u16(static_cast<std::uint16_t>(sample));
    return out.finish();
}

std::expected<Wav, WavError> read_wav(std::span<const std::byte> file) {
    if (file.size() < 12 || !has_tag(file, "RIFF") || !has_tag(file.subspan(8), "WAVE"))
        return std::unexpected(WavError::not_wav);

    std::optional<Format> format;
    auto rest = file.subspan(12);
    while (rest.size() >= chunk_header_size) {
        const auto header = rest.first(chunk_header_size);
        const std::uint32_t claimed = little_endian(header.subspan(4));
        rest = rest.subspan(chunk_header_size);
        const bool is_samples = has_tag(header, "data");
        const std::size_t size = is_samples && claimed == until_the_end ? rest.size() : claimed;
        if (size > rest.size()) return std::unexpected(WavError::truncated);

        const auto chunk = rest.first(size);
        if (is_samples) {
            if (!format) return std::unexpected(WavError::no_format);
            return read_samples(*format, chunk);
        }
        if (has_tag(header, "fmt ")) {
            const auto read = read_format(chunk);
            if (!read) return std::unexpected(read.error());
            format = *read;
        }
        rest = rest.subspan(std::min(size + size % 2, rest.size()));
    }
    return std::unexpected(format ? WavError::no_samples : WavError::no_format);
}

}  // namespace audio
