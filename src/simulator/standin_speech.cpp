#include "simulator/standin_speech.hpp"

#include "audio/mulaw.hpp"
#include "simulator/standin_account.hpp"
#include "voice/mulaw_speech.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace simulator {

namespace {

// 0.2 s, for texts without a word, such as "...".
constexpr std::size_t wordless_bytes = 1'600;
// Breaks a length that happens to be whole frames.
constexpr std::size_t ragged_tail_bytes = 73;

void amplify(std::vector<std::byte>& mulaw, double gain) {
    for (std::byte& code : mulaw) {
        code = audio::mulaw_from_pcm(static_cast<std::int16_t>(std::lround(audio::pcm_from_mulaw(code) * gain)));
    }
}

}  // namespace

audio::Clip standin_audio(const std::string& voice_id, const std::string& text, double speed) {
    const StandinVoice* described = find_voice(voice_id);
    const StandinVoice& as = described == nullptr ? standin_voices().front() : *described;
    std::vector<std::byte> mulaw;
    voice::FliteVoice kal(voice::FliteVoiceName::kal);
    const auto spoken = voice::speak_mulaw(kal, text, speed * as.speed, [&mulaw](const audio::Clip& clip) {
        mulaw.insert(mulaw.end(), clip.bytes().begin(), clip.bytes().end());
        return true;
    });
    if (!spoken) mulaw.assign(wordless_bytes, audio::mulaw_silence);
    if (as.gain != 1.0) amplify(mulaw, as.gain);
    if (mulaw.size() % audio::frame_bytes == 0) mulaw.resize(mulaw.size() + ragged_tail_bytes, audio::mulaw_silence);
    return audio::Clip(std::move(mulaw));
}

audio::Clip hushed(const audio::Clip& speech, std::size_t from) {
    std::vector<std::byte> mulaw(speech.bytes().begin(), speech.bytes().end());
    std::fill(mulaw.begin() + static_cast<std::ptrdiff_t>(std::min(from, mulaw.size())), mulaw.end(),
              audio::mulaw_silence);
    return audio::Clip(std::move(mulaw));
}

StandinSpeech::StandinSpeech(net::EventLoop& loop) : loop_(loop), thread_([this] { work(); }) {}

StandinSpeech::~StandinSpeech() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    *alive_ = false;
    work_there_.notify_one();
    thread_.join();
}

void StandinSpeech::make(const std::string& voice_id, const std::string& text, double speed, Done done) {
    Key key{voice_id, text, speed};
    if (const auto kept = kept_.find(key); kept != kept_.end()) {
        loop_.post([alive = alive_, clip = kept->second, done = std::move(done)] {
            if (*alive) done(clip);
        });
        return;
    }
    auto& waiters = waiting_[key];
    waiters.push_back(std::move(done));
    if (waiters.size() > 1) return;  // being made already
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(key));
    work_there_.notify_one();
}

void StandinSpeech::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        work_there_.wait(lock, [this] { return ending_ || !queue_.empty(); });
        if (ending_) return;
        Key key = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        auto clip = standin_audio(key.voice_id, key.text, key.speed);
        // `alive` is read and written on the loop's thread only.
        loop_.post([this, alive = alive_, key = std::move(key), clip = std::move(clip)] {
            if (*alive) made(key, clip);
        });
        lock.lock();
    }
}

void StandinSpeech::made(const Key& key, const audio::Clip& clip) {
    if (kept_.size() >= kept_max) kept_.clear();
    kept_.emplace(key, clip);
    const auto waiters = waiting_.extract(key);  // one of them may ask for the same again
    for (const Done& done : waiters.mapped()) done(clip);
}

}  // namespace simulator
