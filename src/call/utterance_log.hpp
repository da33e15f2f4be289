#pragma once
// What was asked to be said on one call, in order, and what became of each. The audio of all utterances lies end to end
// on one axis that a clear restarts (SpeechMarks), so one position tells how far each of them was heard.
//
//   queued --first audio leaves--> speaking --heard to its end--> heard
//     any of them: --synthesis breaks off--> failed      --clear, or the end of the call--> cancelled
//
// Of a text it is known how far it was heard, sentence by sentence: a new stream of the call goes on there. A sentence
// counts as heard when a mark confirms its audio but for less than a frame, which leaves with the next sentence.
//
// A named mark is an entry without audio: it is heard when everything before it is over.

#include "call/plan.hpp"
#include "call/short_queue.hpp"
#include "redacted.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace call {

using Instant = std::chrono::steady_clock::time_point;
using UtteranceId = std::uint32_t;  // from 1, within one stream

enum class UtteranceState { queued, speaking, heard, failed, cancelled };
const char* name_of(UtteranceState state);

struct UtteranceRecord {
    UtteranceId id = 0;
    UtteranceState state = UtteranceState::queued;
    Secret text{};       // empty for a mark
    std::string mark{};  // the name of a mark; empty for speech
    Instant queued_at{};
    std::optional<Instant> begins_at{};  // when the ear comes to it, by our plan: some way ahead of its first audio
    std::optional<Instant> ended_at{};
    std::chrono::microseconds sent{}, heard{};
};

struct UtteranceChange {
    UtteranceId id = 0;
    UtteranceState state = UtteranceState::queued;
    std::string mark{};
    std::chrono::microseconds sent{}, heard{};
};

class UtteranceLog {
public:
    using Audio = std::chrono::microseconds;
    struct Options {
        std::size_t unfinished_max = 32;
        std::size_t finished_kept_max = 16;
    };
    explicit UtteranceLog(Options options) : options_(options) {}

    bool full() const { return entries_.size() - finished_ >= options_.unfinished_max; }
    UtteranceId add(const Passage& passage, Instant now);
    UtteranceId add_mark(std::string name, Instant now);

    // `end`: the position behind what was just sent of it.
    void sent(UtteranceId id, Audio length, Audio end, Instant begins_at);
    // Its first `length` of audio says what was asked for up to that byte.
    void sentence_ends(UtteranceId id, Audio length, std::size_t text_end);
    void all_sent(UtteranceId id, Instant now);
    void failed(UtteranceId id, Instant now);  // what was sent of it may still be heard
    void heard_up_to(Audio position, Instant now);
    // What is not over by now never will be: the ear got as far as `position`.
    void cancel_rest(Audio position, Instant now);

    // What has happened since, oldest first.
    std::optional<UtteranceChange> next_change();
    // What is not over, and what failed without anything being heard after it, from the sentence that was not heard.
    struct Unheard {
        UtteranceId id;
        Passage passage;
    };
    std::vector<Unheard> unheard() const;
    std::uint32_t progress() const { return progress_; }  // changes when unheard() does

    // Everything unfinished and the latest of what is finished.
    std::vector<UtteranceRecord> records() const;

private:
    struct SentenceEnd {
        Audio length;
        std::size_t text_end;
    };
    struct Entry {
        UtteranceRecord record;
        speech::Voice voice{};
        std::size_t asked_from = 0;               // byte of the text
        std::size_t heard_bytes = 0;              // of the text, in whole sentences
        ShortQueue<SentenceEnd> sentence_ends{};  // of those not heard
        Audio begin{};
        bool all_sent = false;
    };
    UtteranceId append(Entry entry);
    Entry& at(UtteranceId id) { return entries_[id - entries_.front().record.id]; }
    void note_heard(Audio position);
    void pass_sentence_ends(Entry& entry);
    void enter(Entry& entry, UtteranceState state, Instant now);
    void finish_what_is_over(Instant now);
    void forget_oldest();

    Options options_;
    ShortQueue<Entry> entries_;  // consecutive ids
    std::size_t finished_ = 0;   // so many in front are over
    UtteranceId last_id_ = 0;
    std::uint32_t progress_ = 0;
    ShortQueue<UtteranceChange> changes_;
};

}  // namespace call
