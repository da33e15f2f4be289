#include "gateway/call_page.hpp"

#include "gateway/json_body.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace gateway {

namespace json = boost::json;

namespace {

json::value time_or_null(const std::optional<Instant>& when, Instant now) {
    return when ? json::value(wall_time(*when, now)) : json::value(nullptr);
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

json::object call_summary(const CallRecord& call, Instant now) {
    return json::object{
        {"call_sid", call.call_sid},
        {"account_sid", text_or_null(call.account_sid)},
        {"stream_sid", text_or_null(call.stream_sid)},
        {"direction", text_or_null(call.direction)},
        {"from", text_or_null(call.from.reveal())},
        {"to", text_or_null(call.to.reveal())},
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

json::object call_page(const CallRecord& call, Instant now) {
    json::object page = call_summary(call, now);
    page["sent_ms"] = whole_milliseconds(call.totals.sent);
    page["heard_ms"] = whole_milliseconds(call.totals.heard);
    page["underruns"] = call.totals.underruns;
    page["digits"] = call.digits;
    json::array& utterances = page["utterances"].emplace_array();
    for (const auto& utterance : call.utterances) utterances.push_back(utterance_page(utterance, now));
    return page;
}

}  // namespace gateway
