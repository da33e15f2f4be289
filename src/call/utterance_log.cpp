#include "call/utterance_log.hpp"

#include "audio/mulaw.hpp"

#include <algorithm>
#include <utility>

namespace call {

const char* name_of(UtteranceState state) {
    switch (state) {
        case UtteranceState::queued:
            return "queued";
        case UtteranceState::speaking:
            return "speaking";
        case UtteranceState::heard:
            return "heard";
        case UtteranceState::failed:
            return "failed";
        case UtteranceState::cancelled:
            return "cancelled";
    }
    return "unknown";
}

UtteranceId UtteranceLog::add(const Passage& passage, Instant now) {
    return append({.record = {.text = passage.speech.text, .queued_at = now},
                   .voice = passage.speech.voice,
                   .asked_from = passage.heard_bytes,
                   .heard_bytes = passage.heard_bytes});
}

UtteranceId UtteranceLog::add_mark(std::string name, Instant now) {
    const UtteranceId id = append({.record = {.mark = std::move(name), .queued_at = now}, .all_sent = true});
    finish_what_is_over(now);
    return id;
}

UtteranceId UtteranceLog::append(Entry entry) {
    entry.record.id = ++last_id_;
    ++progress_;
    entries_.push_back(std::move(entry));
    return last_id_;
}

void UtteranceLog::sent(UtteranceId id, Audio length, Audio end, Instant begins_at) {
    Entry& entry = at(id);
    if (!entry.record.begins_at) {
        entry.begin = end - length;
        entry.record.begins_at = begins_at;
    }
    entry.record.sent += length;
    if (entry.record.state == UtteranceState::queued) enter(entry, UtteranceState::speaking, begins_at);
}

void UtteranceLog::sentence_ends(UtteranceId id, Audio length, std::size_t text_end) {
    Entry& entry = at(id);
    entry.sentence_ends.push_back({length, entry.asked_from + text_end});
    pass_sentence_ends(entry);
}

void UtteranceLog::all_sent(UtteranceId id, Instant now) {
    at(id).all_sent = true;
    finish_what_is_over(now);
}

void UtteranceLog::failed(UtteranceId id, Instant now) {
    enter(at(id), UtteranceState::failed, now);
}

void UtteranceLog::heard_up_to(Audio position, Instant now) {
    note_heard(position);
    finish_what_is_over(now);
}

void UtteranceLog::cancel_rest(Audio position, Instant now) {
    heard_up_to(position, now);
    for (auto i = finished_; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        if (entry.record.state != UtteranceState::failed) enter(entry, UtteranceState::cancelled, now);
    }
    finished_ = entries_.size();
    forget_oldest();
}

std::optional<UtteranceChange> UtteranceLog::next_change() {
    if (changes_.empty()) return std::nullopt;
    auto change = std::move(changes_.front());
    changes_.pop_front();
    return change;
}

std::vector<UtteranceLog::Unheard> UtteranceLog::unheard() const {
    const auto failed = [](const Entry& entry) { return entry.record.state == UtteranceState::failed; };
    auto first = finished_;
    while (first > 0 && failed(entries_[first - 1])) --first;
    std::vector<Unheard> unheard;
    for (auto i = first; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (!entry.record.mark.empty()) continue;
        unheard.push_back(
            {entry.record.id,
             {.speech = {.text = entry.record.text, .voice = entry.voice, .previous_text = {}, .next_text = {}},
              .heard_bytes = entry.heard_bytes}});
    }
    return unheard;
}

std::vector<UtteranceRecord> UtteranceLog::records() const {
    std::vector<UtteranceRecord> records;
    records.reserve(entries_.size());
    for (const Entry& entry : entries_) records.push_back(entry.record);
    return records;
}

void UtteranceLog::note_heard(Audio position) {
    for (auto i = finished_; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        if (!entry.record.begins_at) continue;
        entry.record.heard = std::clamp(position - entry.begin, entry.record.heard, entry.record.sent);
        pass_sentence_ends(entry);
    }
}

void UtteranceLog::pass_sentence_ends(Entry& entry) {
    constexpr Audio frame = audio::duration_of(audio::frame_bytes);
    while (!entry.sentence_ends.empty() && entry.sentence_ends.front().length < entry.record.heard + frame) {
        entry.heard_bytes = entry.sentence_ends.front().text_end;
        entry.sentence_ends.pop_front();
        ++progress_;
    }
}

void UtteranceLog::enter(Entry& entry, UtteranceState state, Instant now) {
    UtteranceRecord& record = entry.record;
    record.state = state;
    if (state != UtteranceState::speaking) {
        record.ended_at = now;
        ++progress_;
    }
    changes_.push_back(
        {.id = record.id, .state = state, .mark = record.mark, .sent = record.sent, .heard = record.heard});
}

void UtteranceLog::finish_what_is_over(Instant now) {
    for (; finished_ < entries_.size(); ++finished_) {
        Entry& entry = entries_[finished_];
        if (!entry.all_sent || entry.record.heard < entry.record.sent) break;
        if (entry.record.state != UtteranceState::failed) enter(entry, UtteranceState::heard, now);
    }
    forget_oldest();
}

void UtteranceLog::forget_oldest() {
    while (finished_ > options_.finished_kept_max) {
        entries_.pop_front();
        --finished_;
    }
}

}  // namespace call
