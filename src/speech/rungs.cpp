#include "speech/rungs.hpp"

#include <cassert>

namespace speech {

Voice voice_on(const Rung& rung, const Voice& asked, const Voice& standard) {
    Voice voice = asked;
    if (rung.speaks == Rung::Speaks::standard_voice || voice.id.empty()) voice.id = standard.id;
    if (voice.model.empty()) voice.model = standard.model;
    if (rung.speaks == Rung::Speaks::own_voice) voice.id = voice.model = {};
    return voice;
}

RungMemory::RungMemory(std::span<const Rung> rungs, const Voice& asked, const Voice& standard)
    : rungs_(rungs), strikes_(rungs.size(), 0) {
    assert(rungs.size() <= rungs_max);
    voices_.reserve(rungs.size());
    for (const Rung& rung : rungs) voices_.push_back(voice_on(rung, asked, standard));
}

bool RungMemory::sound_alike(std::size_t a, std::size_t b) const {
    return a == b || (same_account(a, b) && voices_[a] == voices_[b]);
}

void RungMemory::left(std::size_t rung, Failure::Kind kind, TriedRungs& tried) {
    tried.add(rung);
    const auto bar = [&](std::size_t other) {
        tried.add(other);
        if (may_be_barred(other)) strikes_[other] = strikes_max;
    };
    for (std::size_t other = 0; other < rungs_.size(); ++other) {
        switch (kind) {
            case Failure::Kind::unknown_voice:
                if (sound_alike(rung, other)) bar(other);
                break;
            case Failure::Kind::refused:
            case Failure::Kind::cancelled_by_limit:
                if (same_account(rung, other)) bar(other);
                break;
            case Failure::Kind::busy:
            case Failure::Kind::unavailable:
                // Another voice of the same source would meet the same fault, and the caller would wait for it.
                if (rungs_[other].source != rungs_[rung].source) break;
                tried.add(other);
                if (may_be_barred(other)) ++strikes_[other];
                break;
        }
    }
}

std::optional<std::size_t> RungMemory::next_elsewhere(const TriedRungs& tried, std::size_t rung) const {
    TriedRungs out_of_question = tried;
    for (std::size_t other = 0; other < rungs_.size(); ++other) {
        if (rungs_[other].source == rungs_[rung].source) out_of_question.add(other);
    }
    return next(out_of_question);
}

std::optional<std::size_t> RungMemory::next(const TriedRungs& tried) const {
    for (std::size_t rung = 0; rung < rungs_.size(); ++rung) {
        if (!tried.has(rung) && strikes_[rung] < strikes_max) return rung;
    }
    return std::nullopt;
}

}  // namespace speech
