#include "gateway/call_page.hpp"

#include "gateway/json_body.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace gateway {

namespace json = boost::json;

namespace {

json::value milliseconds_or_null(const std::optional<std::chrono::microseconds>& duration) {
    return duration ? json::value(static_cast<double>(duration->count()) / 1e3) : json::value(nullptr);
}

json::value time_or_null(const std::optional<Instant>& when, Instant now) {
    return when ? json::value(wall_time(*when, now)) : json::value(nullptr);
}

json::object moment_page(const CallMoment& moment, Instant now) {
    json::object page{{"kind", name_of(moment.kind)}, {"at", wall_time(moment.at, now)}};
    if (!moment.what.empty()) page["what"] = moment.what;
    if (moment.length.count() != 0) page["length_ms"] = whole_milliseconds(moment.length);
    return page;
}

// Of what a caller listens to now, or will hear next.
json::value being_said(const CallRecord& call, Instant now) {
    for (const call::UtteranceRecord& utterance : call.utterances) {
        const bool over =
            utterance.state != call::UtteranceState::speaking && utterance.state != call::UtteranceState::queued;
        if (!over && utterance.mark.empty()) return utterance_page(utterance, now);
    }
    return nullptr;
}

void add_totals(json::object& page, const CallRecord& call) {
    page["sent_ms"] = whole_milliseconds(call.totals.sent);
    page["heard_ms"] = whole_milliseconds(call.totals.heard);
    page["first_word_ms"] = milliseconds_or_null(call.totals.start_to_first_media);
    page["underruns"] = call.totals.underruns;
    page["digits"] = call.digits;
}

}  // namespace

std::string wall_time(Instant when, Instant now) {
    using std::chrono::milliseconds;
    const auto wall = std::chrono::system_clock::now() + (when - now);
    const auto since_epoch = std::chrono::floor<milliseconds>(wall.time_since_epoch());
    const std::time_t seconds = since_epoch / std::chrono::seconds(1);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds),
                       (since_epoch % std::chrono::seconds(1)).count());
}

json::object utterance_page(const call::UtteranceRecord& utterance, Instant now) {
    const bool is_mark = !utterance.mark.empty();
    json::object page{
        {"id", utterance.id},
        {"kind", is_mark ? "mark" : "speech"},
        {"state", name_of(utterance.state)},
        {"queued_at", wall_time(utterance.queued_at, now)},
        {"begins_at", time_or_null(utterance.begins_at, now)},
        {"ended_at", time_or_null(utterance.ended_at, now)},
    };
    if (is_mark) {
        page["name"] = utterance.mark;
        return page;
    }
    page["text"] = text_or_null(utterance.text.reveal());
    page["sent_ms"] = whole_milliseconds(utterance.sent);
    page["heard_ms"] = whole_milliseconds(utterance.heard);
    return page;
}

void add_stream(CallRecord& call, const call::StreamSession& session) {
    call.totals = session.totals();
    call.digits = session.digits();
    call.utterances = session.utterances();
}

json::object call_summary(const CallRecord& call, Instant now) {
    return json::object{
        {"call_sid", call.call_sid},
        {"account_sid", text_or_null(call.account_sid)},
        {"stream_sid", text_or_null(call.stream_sid)},
        {"direction", text_or_null(call.direction)},
        {"from", text_or_null(call.from.reveal())},
        {"to", text_or_null(call.to.reveal())},
        {"voice_id", text_or_null(call.voice_id)},
        {"state", name_of(call.state)},
        {"status", call.status ? json::value(twilio::name_of(*call.status)) : json::value(nullptr)},
        {"answered_by", text_or_null(call.answered_by)},
        {"stream_error", text_or_null(call.stream_error)},
        {"outcome", call.outcome ? json::value(name_of(*call.outcome)) : json::value(nullptr)},
        {"created_at", wall_time(call.created_at, now)},
        {"opened_at", time_or_null(call.opened_at, now)},
        {"ended_at", time_or_null(call.ended_at, now)},
    };
}

json::object call_row(const CallRecord& call, Instant now) {
    json::object row = call_summary(call, now);
    add_totals(row, call);
    row["being_said"] = being_said(call, now);
    return row;
}

json::object call_page(const CallRecord& call, Instant now) {
    json::object page = call_summary(call, now);
    add_totals(page, call);
    json::array& utterances = page["utterances"].emplace_array();
    for (const auto& utterance : call.utterances) utterances.push_back(utterance_page(utterance, now));
    json::array& moments = page["moments"].emplace_array();
    for (const auto& moment : call.moments) moments.push_back(moment_page(moment, now));
    return page;
}

}  // namespace gateway
