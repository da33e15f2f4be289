#include "gateway/call_register.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

const char* name_of(CallState state) {
    switch (state) {
        case CallState::waiting:
            return "waiting";
        case CallState::open:
            return "open";
        case CallState::ended:
            return "ended";
    }
    return "unknown";
}

const char* name_of(CallMoment::Kind kind) {
    switch (kind) {
        case CallMoment::Kind::speech_asked:
            return "speech_asked";
        case CallMoment::Kind::first_audio:
            return "first_audio";
        case CallMoment::Kind::speech_complete:
            return "speech_complete";
        case CallMoment::Kind::speech_failed:
            return "speech_failed";
        case CallMoment::Kind::fell_back:
            return "fell_back";
        case CallMoment::Kind::gap:
            return "gap";
        case CallMoment::Kind::digit:
            return "digit";
    }
    return "unknown";
}

void CallRegister::announced(const Announcement& call, Instant now) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_sid_.find(call.call_sid);
    const bool running = found != by_sid_.end() && found->second->state != CallState::ended;
    CallRecord& record = running ? *found->second : enter(CallState::waiting, call.call_sid, now);
    if (record.account_sid.empty()) record.account_sid = call.account_sid;
    if (record.direction.empty()) record.direction = call.direction;
    if (record.from.empty()) record.from = call.from;
    if (record.to.empty()) record.to = call.to;
    if (record.voice_id.empty()) record.voice_id = call.voice_id;
    tidy(now);
}

void CallRegister::opened(const std::string& call_sid, const Opening& opening, Instant now) {
    const std::scoped_lock lock(mutex_);
    CallRecord& record = enter(CallState::open, call_sid, now);
    record.stream_sid = opening.stream_sid;
    record.voice_id = opening.voice_id;
    record.loop = opening.loop;
    record.opened_at = now;
    record.ended_at.reset();
    record.outcome.reset();
    journal_.note(call_sid, now);
}

void CallRegister::closed(const std::string& call_sid, const std::string& stream_sid, Ending ending, Instant now) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_sid_.find(call_sid);
    if (found == by_sid_.end() || found->second->state != CallState::open || found->second->stream_sid != stream_sid) {
        return;
    }
    CallRecord& record = enter(CallState::ended, call_sid, now);
    record.ended_at = now;
    record.outcome = ending.outcome;
    record.totals = ending.totals;
    record.digits = std::move(ending.digits);
    record.utterances = std::move(ending.utterances);
    for (call::UtteranceRecord& utterance : record.utterances) utterance.text = {};
    journal_.note(call_sid, std::nullopt);
    tidy(now);
}

CallRegister::Told CallRegister::status(const std::string& call_sid, twilio::CallStatus status,
                                        std::optional<int> sequence, Instant now) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_sid_.find(call_sid);
    // Of a call that we place, the first report may be faster than the answer that names it.
    if (found == by_sid_.end() && twilio::is_final(status)) return Told::outdated;
    CallRecord& record = found == by_sid_.end() ? enter(CallState::waiting, call_sid, now) : *found->second;
    if (record.status) {
        const bool numbered = sequence && record.status_sequence >= 0;
        const int known = numbered ? record.status_sequence : twilio::rank_of(*record.status);
        const int told = numbered ? *sequence : twilio::rank_of(status);
        if (told == known) return Told::repeated;
        if (told < known) return Told::outdated;
    }
    record.status = status;
    record.status_sequence = sequence.value_or(-1);
    if (twilio::is_final(status) && record.state == CallState::waiting)
        enter(CallState::ended, call_sid, now).ended_at = now;
    tidy(now);
    return Told::news;
}

void CallRegister::answered_by(const std::string& call_sid, std::string who) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = by_sid_.find(call_sid); found != by_sid_.end()) found->second->answered_by = std::move(who);
}

bool CallRegister::stream_error(const std::string& call_sid, std::string what) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_sid_.find(call_sid);
    if (found == by_sid_.end() || found->second->stream_error == what) return false;
    found->second->stream_error = std::move(what);
    return true;
}

bool CallRegister::noted(const std::string& call_sid, CallMoment moment) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_sid_.find(call_sid);
    if (found == by_sid_.end()) return true;  // a test synthesis, or long forgotten
    if (found->second->moments.size() >= options_.moments_max) return false;
    found->second->moments.push_back(std::move(moment));
    return true;
}

std::optional<CallRecord> CallRegister::find(const std::string& call_sid) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_sid_.find(call_sid);
    if (found == by_sid_.end()) return std::nullopt;
    return *found->second;
}

std::vector<CallRecord> CallRegister::list(std::optional<CallState> state, std::size_t limit) const {
    const std::scoped_lock lock(mutex_);
    std::vector<const CallRecord*> found;
    for (const Records* records : {&waiting_, &open_, &ended_}) {
        for (const CallRecord& record : *records) {
            if (!state || record.state == *state) found.push_back(&record);
        }
    }
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(limit, found.size()));
    std::ranges::partial_sort(found, end, std::greater{}, &CallRecord::created_at);
    std::vector<CallRecord> latest;
    latest.reserve(static_cast<std::size_t>(end - found.begin()));
    for (auto record = found.begin(); record != end; ++record) latest.push_back(**record);
    return latest;
}

void CallRegister::follow(std::function<void()> wake) {
    const std::scoped_lock lock(mutex_);
    journal_.follow(std::move(wake));
}

RegisterJournal::Taken CallRegister::take_changes() {
    const std::scoped_lock lock(mutex_);
    return journal_.take();
}

RegisterJournal::Changes CallRegister::take_all() {
    const std::scoped_lock lock(mutex_);
    journal_.take();
    RegisterJournal::Changes all;
    for (const CallRecord& record : open_) all.emplace(record.call_sid, record.opened_at);
    return all;
}

// Moves the call to the end of that state's list, and makes its record when there is none yet.
CallRecord& CallRegister::enter(CallState state, const std::string& call_sid, Instant now) {
    Records& records = list_of(state);
    const auto [entry, fresh] = by_sid_.try_emplace(call_sid);
    if (fresh) {
        entry->second = records.insert(records.end(), CallRecord{.call_sid = call_sid, .created_at = now});
    } else {
        records.splice(records.end(), list_of(entry->second->state), entry->second);
    }
    CallRecord& record = *entry->second;
    record.state = state;
    record.entered_at = now;
    return record;
}

CallRegister::Records& CallRegister::list_of(CallState state) {
    return state == CallState::waiting ? waiting_ : state == CallState::open ? open_ : ended_;
}

void CallRegister::tidy(Instant now) {
    while (!waiting_.empty() &&
           (waiting_.front().entered_at + options_.stream_wait <= now || waiting_.size() > options_.waiting_max)) {
        CallRecord& record = enter(CallState::ended, std::string(waiting_.front().call_sid), now);
        record.ended_at = now;
    }
    while (ended_.size() > options_.ended_max) {
        by_sid_.erase(ended_.front().call_sid);
        ended_.pop_front();
    }
}

}  // namespace gateway
