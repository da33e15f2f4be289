#include "voice/flite_voice.hpp"

extern "C" {
#include <flite/cst_cg.h>
#include <flite/cst_diphone.h>
#include <flite/flite.h>

// Declared in no header of flite's.
cst_voice* register_cmu_us_slt(const char* voice_directory);
cst_voice* register_cmu_us_kal(const char* voice_directory);
extern cst_voice* cmu_us_slt_cg;
extern cst_voice* cmu_us_kal_diphone;
}

#include "voice/speakable_text.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <mutex>

namespace voice {

namespace {

constexpr double speed_min = 0.5, speed_max = 2.0;
constexpr int chunks_per_second = 10;

// What one speech needs to know inside flite's callback.
struct Listener {
    const FliteVoice::OnPcm& on_pcm;
    bool stopped = false;
    std::exception_ptr thrown;
};

// Flite's C code must not see an exception, and it forgets a stop at the end of a sentence: both are kept here.
int hand_out(const cst_wave* wave, int start, int size, int /*last*/, cst_audio_streaming_info* stream) {
    auto& listener = *static_cast<Listener*>(stream->userdata);
    if (size > 0 && !listener.stopped) {
        try {
            listener.stopped = !listener.on_pcm({wave->samples + start, static_cast<std::size_t>(size)});
        } catch (...) {
            listener.stopped = true;
            listener.thrown = std::current_exception();
        }
    }
    return listener.stopped ? CST_AUDIO_STREAM_STOP : CST_AUDIO_STREAM_CONT;
}

// A sentence whose words have no sound ends up as one pause, which is no pair of sounds to join: flite would read
// before an array.
template <cst_uttfunc synthesize>
cst_utterance* synthesize_if_audible(cst_utterance* sentence) {
    const cst_item* first = relation_head(utt_relation(sentence, "Segment"));
    if (first != nullptr && item_next(first) != nullptr) return synthesize(sentence);
    utt_set_wave(sentence, new_wave());
    return sentence;
}

// Flite makes a sentence as a whole before its first sample is out, in memory that grows with it. Longer ones are
// therefore cut: at a comma once they take some seconds to say, anywhere once they take twice that. Units are letters
// of running speech, about 15 a second.
constexpr int sentence_letters = 150, sentence_letters_max = 300;

int spoken_letters(const char* token) {
    int letters = 0;
    for (; *token != '\0'; ++token) letters += *token >= '0' && *token <= '9' ? 5 : 1;  // a digit is a word
    return letters;
}

int sentence_ends(cst_tokenstream* text, const char* next_token, cst_relation* sentence) {
    int letters = 0;
    for (const cst_item* token = relation_head(sentence); token != nullptr; token = item_next(token))
        letters += spoken_letters(item_feat_string(token, "name")) + 1;
    if (letters > sentence_letters_max) return TRUE;
    const bool at_pause = *item_feat_string(relation_tail(sentence), "punc") != '\0';
    if (letters > sentence_letters && at_pause) return TRUE;
    return default_utt_break(text, next_token, sentence);
}

// Flite keeps one object per voice and hands it to everybody. Its values count references without atomics, and the
// callback hangs on the voice; so every FliteVoice takes an object of its own, by making flite forget the one before.
// Sentences in the making share constant tables only.
cst_voice* own_voice(cst_voice* (*make)(const char*), cst_voice*& remembered) {
    static std::mutex registering;
    const std::lock_guard lock(registering);
    flite_init();
    remembered = nullptr;
    cst_voice* const voice = make(nullptr);
    remembered = nullptr;
    return voice;
}

cst_voice* own_voice(FliteVoiceName name) {
    if (name == FliteVoiceName::kal) return own_voice(register_cmu_us_kal, cmu_us_kal_diphone);
    return own_voice(register_cmu_us_slt, cmu_us_slt_cg);
}

}  // namespace

struct FliteVoice::Engine {
    explicit Engine(FliteVoiceName name);
    ~Engine() { delete_voice(voice); }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    void speak(const std::string& text, Listener& listener, double speed);

    cst_voice* voice;
    int rate_hz;
    float own_stretch;                 // how much longer than its model this voice makes every sound
    cst_audio_streaming_info* stream;  // belongs to the voice's features
};

FliteVoice::Engine::Engine(FliteVoiceName name)
    : voice(own_voice(name)),
      rate_hz(flite_get_param_int(voice->features, "sample_rate", 0)),
      own_stretch(flite_get_param_float(voice->features, "duration_stretch", 1.0F)),
      stream(new_audio_streaming_info()) {
    stream->asc = hand_out;
    stream->min_buffsize = rate_hz / chunks_per_second;
    flite_feat_set(voice->features, "streaming_info", audio_streaming_info_val(stream));
    flite_feat_set(voice->features, "utt_break", breakfunc_val(sentence_ends));
    const cst_uttfunc synthesize =
        name == FliteVoiceName::kal ? synthesize_if_audible<diphone_synth> : synthesize_if_audible<cg_synth>;
    flite_feat_set(voice->features, "wave_synth_func", uttfunc_val(synthesize));
}

void FliteVoice::Engine::speak(const std::string& text, Listener& listener, double speed) {
    const auto symbols = [&](const char* kind) { return flite_get_param_string(voice->features, kind, nullptr); };
    flite_feat_set_float(voice->features, "duration_stretch", own_stretch / static_cast<float>(speed));
    stream->userdata = &listener;
    // Cuts the text into sentences and makes one at a time; closes the token stream.
    flite_ts_to_speech(ts_open_string(text.c_str(), symbols("text_whitespace"), symbols("text_singlecharsymbols"),
                                      symbols("text_prepunctuation"), symbols("text_postpunctuation")),
                       voice, "stream");
    stream->userdata = nullptr;
}

FliteVoice::FliteVoice(FliteVoiceName name) : engine_(std::make_unique<Engine>(name)) {}
FliteVoice::~FliteVoice() = default;
FliteVoice::FliteVoice(FliteVoice&&) noexcept = default;
FliteVoice& FliteVoice::operator=(FliteVoice&&) noexcept = default;

int FliteVoice::sample_rate_hz() const {
    return engine_->rate_hz;
}

std::expected<void, VoiceError> FliteVoice::speak(const std::string& text, double speed, const OnPcm& on_pcm) {
    if (text.size() > text_bytes_max) return std::unexpected(VoiceError::text_too_long);
    const std::string speakable = speakable_text(text);
    if (speakable.empty()) return std::unexpected(VoiceError::nothing_to_say);

    Listener listener{on_pcm, false, nullptr};
    engine_->speak(speakable, listener, std::isfinite(speed) ? std::clamp(speed, speed_min, speed_max) : 1.0);
    if (listener.thrown) std::rethrow_exception(listener.thrown);
    return {};
}

}  // namespace voice
