#include "speech/speech_chain.hpp"

#include <algorithm>
#include <stdexcept>

namespace speech {

// From the caller's side inward; each box is a SpeechSource, each rung stands for one way to say a sentence:
//
//   Ladder                    sentences, retries, deadlines, which rung next
//    |
//    |-- elevenlabs_ws        asked voice      --.
//    |                                            >-- SingleFlight - CachedSource - Governed - Breaker - source
//    |-- elevenlabs_http      asked voice      --'    (one such row for each remote source)
//    |-- elevenlabs_http      standard voice      when the asked voice is unknown
//    |-- slt, then kal        own voices       ------ SingleFlight - CachedSource - source  (one such row for each)
//    `-- apology              a recording
//
// Why in this order:
// - SingleFlight above the cache: one of many identical requests looks it up and fills it, for all of them.
// - Cache above Governed: what is in the cache needs no slot of the plan.
// - Cache above Breaker: and is played while the provider is down.
// - Governed above Breaker: waiting for a slot is not the provider's fault; an open circuit empties the queue at once.
// - All below the Ladder: nothing partial and no fallback voice is ever cached under the name of another.
std::unique_ptr<SpeechChain> make_chain(Parts parts) {
    return std::make_unique<SpeechChain>(std::move(parts));
}

SpeechChain::SpeechChain(Parts parts)
    : parts_(std::move(parts)), names_([this](const Request& request) { return names_of(request); }) {
    for (Parts::Provider& provider : parts_.remotes) add_remote(std::move(provider));
    for (Parts::Provider& local : parts_.locals)
        cached(local_layers_.emplace_back(), *local.source, local.name, parts_.local_store);
    apology_ = std::make_unique<RecordedSource>(parts_.apology, parts_.timers);
    ladder_ = std::make_unique<Ladder>(rungs(), apology_.get(), parts_.timers, parts_.ladder);
}

void SpeechChain::add_remote(Parts::Provider provider) {
    Breaker::Options breaker = parts_.breaker;
    breaker.seed += static_cast<std::uint32_t>(remotes_.size());  // the jitter of two ways should differ
    Remote& remote = remotes_.emplace_back(std::move(provider.name), std::move(provider.source), Breaker(breaker),
                                           std::vector<std::unique_ptr<SpeechSource>>{});
    remote.layers.push_back(std::make_unique<BreakerSource>(remote.breaker, *remote.source, parts_.timers));
    if (parts_.governor != nullptr)
        remote.layers.push_back(std::make_unique<GovernedSource>(*parts_.governor, remote.top()));
    cached(remote.layers, remote.top(), parts_.account, parts_.store);
}

SpeechSource& SpeechChain::cached(std::vector<std::unique_ptr<SpeechSource>>& layers, SpeechSource& below,
                                  const std::string& provider, ClipStore* store) {
    SpeechSource* top = &below;
    if (parts_.memory != nullptr) {
        layers.push_back(std::make_unique<CachedSource>(provider, *parts_.memory, store, *top, parts_.timers));
        top = layers.back().get();
    }
    layers.push_back(std::make_unique<SingleFlight>(*top, parts_.timers));
    return *layers.back();
}

// What the ladder asks for a row: the row itself, or what stands before it.
SpeechSource& SpeechChain::entrance(std::size_t index, const std::string& provider) {
    if (!parts_.before_row) return row(index);
    before_rows_.push_back(parts_.before_row(index, provider, row(index)));
    return *before_rows_.back();
}

std::vector<Rung> SpeechChain::rungs() {
    std::vector<Rung> rungs;
    const auto add = [&](const std::string& name, SpeechSource& source, const std::string& account,
                         Rung::Speaks speaks) {
        rungs.push_back({name, &source, account, speaks, parts_.first_audio_max});
    };
    std::size_t index = 0;
    for (const Remote& remote : remotes_) {
        add(remote.name, entrance(index++, parts_.account), parts_.account, Rung::Speaks::asked_voice);
    }
    // The last remote way is the plainest one, and so the best to ask for something unusual.
    if (!remotes_.empty()) {
        add(remotes_.back().name + "_standard_voice", *rungs.back().source, parts_.account,
            Rung::Speaks::standard_voice);
    }
    for (const Parts::Provider& local : parts_.locals) {
        add(local.name, entrance(index++, local.name), {}, Rung::Speaks::own_voice);
    }
    if (!parts_.locals.empty()) rungs.back().first_audio_max = parts_.local_first_audio_max;
    return rungs;
}

bool SpeechChain::at_hand(const Request& request) {
    if (parts_.memory == nullptr) return false;
    return std::ranges::all_of(names_.of(request), [&](const Secret& name) { return parts_.memory->keep(name); });
}

ClipNames::Names SpeechChain::names_of(const Request& request) {
    const std::string& provider = remotes_.empty() ? parts_.locals.front().name : parts_.account;
    ClipNames::Names names;
    for (const Request& sentence : ladder_->best_requests(request))
        names.push_back(ClipKey{provider, sentence.text, sentence.voice}.canonical());
    return names;
}

SpeechSource& SpeechChain::row(std::size_t index) {
    for (const Remote& remote : remotes_) {
        if (index-- == 0) return remote.top();
    }
    return *local_layers_.at(index).back();
}

std::vector<SpeechChain::Circuit> SpeechChain::circuits() const {
    std::vector<Circuit> circuits;
    for (const Remote& remote : remotes_) circuits.push_back({remote.name, remote.breaker.state()});
    return circuits;
}

}  // namespace speech
