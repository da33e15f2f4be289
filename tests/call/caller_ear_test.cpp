#include "call/caller_ear.hpp"

#include "audio/loudness.hpp"
#include "encoding/base64.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace call {
namespace {

// 20 ms of a 400 Hz sine, a whole number of periods.
std::string tone(double amplitude) {
    std::vector<std::byte> mulaw;
    for (std::size_t i = 0; i < audio::frame_bytes; ++i) {
        const double phase = 2 * std::numbers::pi * 400 * static_cast<double>(i) / audio::sample_rate_hz;
        mulaw.push_back(audio::mulaw_from_pcm(static_cast<std::int16_t>(amplitude * std::sin(phase))));
    }
    return encoding::to_base64(mulaw);
}

void hear(CallerEar& ear, const std::string& frame, int frames) {
    for (int i = 0; i < frames; ++i) ear.hear(frame);
}

TEST(CallerEar, hears_silence_before_anything_else) {
    const CallerEar ear;
    EXPECT_EQ(ear.level().rms_dbfs, audio::dbfs_min);
    EXPECT_EQ(ear.level().peak_dbfs, audio::dbfs_min);
}

TEST(CallerEar, tells_the_level_of_a_tone) {
    CallerEar ear;
    hear(ear, tone(8000), 50);
    EXPECT_NEAR(ear.level().peak_dbfs, 20 * std::log10(8000.0 / 32768), 0.3);
    EXPECT_NEAR(ear.level().rms_dbfs, ear.level().peak_dbfs - 3.01, 0.3);
}

TEST(CallerEar, has_forgotten_a_sound_a_second_later) {
    CallerEar ear;
    hear(ear, tone(16000), 50);
    hear(ear, tone(500), 25);
    EXPECT_NEAR(ear.level().peak_dbfs, 20 * std::log10(16000.0 / 32768), 0.3);
    hear(ear, tone(500), 30);
    EXPECT_NEAR(ear.level().peak_dbfs, 20 * std::log10(500.0 / 32768), 0.3);
    EXPECT_NEAR(ear.level().rms_dbfs, 20 * std::log10(500.0 / 32768) - 3.01, 0.3);
}

TEST(CallerEar, takes_frames_of_any_size_and_passes_garbage_over) {
    CallerEar ear;
    hear(ear, tone(8000), 50);
    const auto before = ear.level();
    for (const char* payload : {"", "AAA", "====", "A*==", "AA=A"}) ear.hear(payload);
    EXPECT_EQ(ear.level().rms_dbfs, before.rms_dbfs);
    ear.hear(encoding::to_base64(std::vector<std::byte>(3 * audio::sample_rate_hz, audio::mulaw_silence)));
    hear(ear, encoding::to_base64(std::vector<std::byte>(1, audio::mulaw_silence)), 8000);
    EXPECT_EQ(ear.level().peak_dbfs, audio::dbfs_min);
}

}  // namespace
}  // namespace call
