#pragma once
// The speech chain of one loop, put together. Everything in it is a SpeechSource; speech_chain.cpp draws it.

#include "speech/breaker.hpp"
#include "speech/cache.hpp"
#include "speech/clip_names.hpp"
#include "speech/governor.hpp"
#include "speech/ladder.hpp"
#include "speech/recorded_source.hpp"
#include "speech/single_flight.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace speech {

struct Parts {
    struct Provider {
        std::string name;  // of the rung, in logs and metrics: "elevenlabs_http"
        std::unique_ptr<SpeechSource> source;
    };

    Timers& timers;
    std::string account{};             // whose the remote sources are: "elevenlabs"; part of the cache's key
    std::vector<Provider> remotes{};   // ways to ask that account, best first; may be empty
    std::vector<Provider> locals{};    // voices of our own that need nobody, best first; may be empty
    audio::Clip apology{};             // may be empty: then failing is silent
    ClipMemory* memory = nullptr;      // shared by all loops; null: no cache
    ClipStore* store = nullptr;        // behind the memory, for what the account says; null: none
    ClipStore* local_store = nullptr;  // for what our own voices say
    // Stands before row `row` of sources for every request: where rows of several loops meet. Null: nothing does.
    std::function<std::unique_ptr<SpeechSource>(std::size_t row, const std::string& provider, SpeechSource& own)>
        before_row{};
    Governor* governor =
        nullptr;  // this loop's; null: no limit. Not owned, because the sources tell it what replies say
    LadderOptions ladder{};
    Breaker::Options breaker{};
    std::chrono::milliseconds first_audio_max{1500};
    // Of the last local voice: it shares this machine's processors with all other calls, and behind it is the apology.
    std::chrono::milliseconds local_first_audio_max{20'000};
};

class SpeechChain final : public SpeechSource {
public:
    explicit SpeechChain(Parts parts);

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override {
        return ladder_->say(request, listener);
    }

    // Whether all of it is in the memory, so that saying it asks nobody. It stays there longer for being asked after.
    bool at_hand(const Request& request);

    // The rows of sources below the ladder, the local voices' last: what the same row of another loop's chain may ask.
    SpeechSource& row(std::size_t index);

    struct Circuit {
        std::string rung;
        Breaker::State state;
    };
    std::vector<Circuit> circuits() const;  // for metrics and the health page

private:
    // A remote source and what stands before it.
    struct Remote {
        std::string name;
        std::unique_ptr<SpeechSource> source;
        Breaker breaker;
        std::vector<std::unique_ptr<SpeechSource>> layers;  // outermost last
        SpeechSource& top() const { return layers.empty() ? *source : *layers.back(); }
    };

    void add_remote(Parts::Provider provider);
    SpeechSource& cached(std::vector<std::unique_ptr<SpeechSource>>& layers, SpeechSource& below,
                         const std::string& provider, ClipStore* store);
    std::vector<Rung> rungs();
    ClipNames::Names names_of(const Request& request);
    SpeechSource& entrance(std::size_t index, const std::string& provider);

    Parts parts_;
    std::list<Remote> remotes_;  // a list: the layers refer to their breaker
    std::vector<std::vector<std::unique_ptr<SpeechSource>>> local_layers_;
    std::vector<std::unique_ptr<SpeechSource>> before_rows_;
    std::unique_ptr<RecordedSource> apology_;
    ClipNames names_;
    std::unique_ptr<Ladder> ladder_;  // last, so destroyed first
};

// Throws std::invalid_argument when there is neither a remote source nor a local voice.
std::unique_ptr<SpeechChain> make_chain(Parts parts);

}  // namespace speech
