#include "audio/wav.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace audio {
namespace {

// Hand-made files are byte strings; the splice keeps the offsets of the format readable in the tests.
std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

std::string u32(std::uint32_t value) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i));
    return text;
}

std::string chunk(std::string_view tag, std::string_view body) {
    return std::string(tag) + u32(static_cast<std::uint32_t>(body.size())) + std::string(body) +
           (body.size() % 2 != 0 ? std::string(1, '\0') : "");
}

std::string riff(std::string_view chunks) {
    return "RIFF" + u32(static_cast<std::uint32_t>(chunks.size() + 4)) + "WAVE" + std::string(chunks);
}

using namespace std::string_literals;
const std::string pcm_8000 = "\x01\x00\x01\x00\x40\x1F\x00\x00\x80\x3E\x00\x00\x02\x00\x10\x00"s;
const std::string mulaw_8000 = "\x07\x00\x01\x00\x40\x1F\x00\x00\x40\x1F\x00\x00\x01\x00\x08\x00\x00\x00"s;

std::expected<Wav, WavError> read(const std::string& file) {
    return read_wav(bytes_of(file));
}

TEST(Wav, writes_a_mulaw_file_byte_for_byte) {
    const auto file = write_wav(bytes_of("abc"));
    EXPECT_EQ(file, bytes_of(riff(chunk("fmt ", mulaw_8000) + chunk("fact", u32(3)) + chunk("data", "abc"))));
}

TEST(Wav, writes_a_pcm_file_byte_for_byte) {
    const std::vector<std::int16_t> samples{1, -2, 32767};
    const auto file = write_wav(samples, 8000);
    EXPECT_EQ(file, bytes_of(riff(chunk("fmt ", pcm_8000) + chunk("data", "\x01\x00\xFE\xFF\xFF\x7F"s))));
}

TEST(Wav, reads_back_what_it_writes) {
    const auto mulaw = bytes_of("any bytes\0\xFF"s);
    const auto mulaw_file = read_wav(write_wav(mulaw));
    ASSERT_TRUE(mulaw_file.has_value());
    EXPECT_EQ(mulaw_file->rate_hz, 8000);
    EXPECT_EQ(std::get<MulawSamples>(mulaw_file->samples), mulaw);

    const PcmSamples samples{0, -32768, 32767, -1};
    const auto pcm_file = read_wav(write_wav(samples, 16000));
    ASSERT_TRUE(pcm_file.has_value());
    EXPECT_EQ(pcm_file->rate_hz, 16000);
    EXPECT_EQ(std::get<PcmSamples>(pcm_file->samples), samples);
}

TEST(Wav, passes_over_unknown_chunks_and_their_padding) {
    const auto file =
        read(riff(chunk("LIST", "odd") + chunk("fmt ", pcm_8000) + chunk("junk", "") + chunk("data", "\x05\x00"s)));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(std::get<PcmSamples>(file->samples), PcmSamples{5});
}

TEST(Wav, reads_to_the_end_when_the_writer_could_not_know_the_size) {
    const auto file = read(riff(chunk("fmt ", pcm_8000) + "data\xFF\xFF\xFF\xFF\x05\x00\x06\x00"s));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(std::get<PcmSamples>(file->samples), (PcmSamples{5, 6}));
}

TEST(Wav, does_not_believe_a_chunk_longer_than_the_file) {
    EXPECT_EQ(read(riff(chunk("fmt ", pcm_8000) + "data" + u32(5) + "\x05\x00\x06\x00"s)).error(), WavError::truncated);
    EXPECT_EQ(read(riff("fmt " + u32(0xFFFFFFFF) + pcm_8000)).error(), WavError::truncated);
    EXPECT_EQ(read(riff("LIST" + u32(0xFFFFFFFE) + "x")).error(), WavError::truncated);
    EXPECT_EQ(read(riff(chunk("fmt ", pcm_8000) + chunk("data", "odd"))).error(), WavError::truncated);
}

TEST(Wav, refuses_every_cut_of_a_good_file) {
    const auto whole = write_wav(std::vector<std::int16_t>{1, 2, 3}, 8000);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_wav(std::span(whole).first(size)).has_value()) << size;
    EXPECT_TRUE(read_wav(whole).has_value());
}

TEST(Wav, tells_what_is_missing) {
    EXPECT_EQ(read("").error(), WavError::not_wav);
    EXPECT_EQ(read("RIFX" + u32(4) + "WAVE").error(), WavError::not_wav);
    EXPECT_EQ(read("ID3\x04 an mp3 that was named .wav").error(), WavError::not_wav);
    EXPECT_EQ(read(riff("")).error(), WavError::no_format);
    EXPECT_EQ(read(riff(chunk("data", "\x05\x00"s))).error(), WavError::no_format);
    EXPECT_EQ(read(riff(chunk("fmt ", pcm_8000))).error(), WavError::no_samples);
}

TEST(Wav, refuses_formats_that_a_call_cannot_use) {
    const auto with = [](std::size_t offset, std::uint32_t value) {
        std::string format = pcm_8000;
        format.replace(offset, 4, u32(value));
        return read(riff(chunk("fmt ", format) + chunk("data", "\x05\x00"s)));
    };
    EXPECT_TRUE(with(0, 0x0001'0001).has_value());  // as it was
    EXPECT_EQ(with(0, 0x0002'0001).error(), WavError::unsupported_format) << "stereo";
    EXPECT_EQ(with(0, 0x0000'0001).error(), WavError::unsupported_format) << "no channel";
    EXPECT_EQ(with(0, 0x0001'0003).error(), WavError::unsupported_format) << "float";
    EXPECT_EQ(with(0, 0x0001'0007).error(), WavError::unsupported_format) << "mu-law of 16 bits";
    EXPECT_EQ(with(4, 0).error(), WavError::unsupported_format) << "no rate";
    EXPECT_EQ(with(4, 0xFFFFFFFF).error(), WavError::unsupported_format) << "absurd rate";
    EXPECT_EQ(with(12, 0x0008'0001).error(), WavError::unsupported_format) << "8-bit PCM";
    EXPECT_EQ(with(12, 0x0010'0004).error(), WavError::unsupported_format) << "sizes that contradict";
    EXPECT_EQ(read(riff(chunk("fmt ", pcm_8000.substr(0, 14)))).error(), WavError::unsupported_format);
}

}  // namespace
TEST(Wav, the_head_of_two_channels_says_how_long_they_are) {
    const auto head = audio::write_stereo_head(3);
    const auto number = [&](std::size_t at, std::size_t size) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value |= std::to_integer<std::uint32_t>(head[at + i]) << (8 * i);
        return value;
    };
    EXPECT_EQ(number(4, 4), 50u + 6u);  // all that follows
    EXPECT_EQ(number(20, 2), 7u);       // mu-law
    EXPECT_EQ(number(22, 2), 2u);       // channels
    EXPECT_EQ(number(24, 4), 8'000u);   // a second
    EXPECT_EQ(number(28, 4), 16'000u);  // bytes a second
    EXPECT_EQ(number(32, 2), 2u);       // bytes a frame
    EXPECT_EQ(number(34, 2), 8u);       // bits a sample
    EXPECT_EQ(number(46, 4), 3u);       // frames
    EXPECT_EQ(number(54, 4), 6u);       // bytes
}

}  // namespace audio
