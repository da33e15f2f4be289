#include "gateway/call_events.hpp"

#include "gateway/call_page.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace gateway {

namespace json = boost::json;

void CallEvents::changed(const std::string& call_sid) {
    switchboard_.live->changed(call_sid);
}

bool CallEvents::wanted(const std::string& call_sid) {
    changed(call_sid);
    return switchboard_.outbox->wanted();
}

void CallEvents::publish(std::string_view type, const std::string& call_sid, const json::object& more) {
    json::object event{{"id", fmt::format("{}-{}", switchboard_.instance, ++last_number_)},
                       {"type", type},
                       {"at", wall_time({}, {})},
                       {"call_sid", call_sid}};
    event.insert(more.begin(), more.end());
    switchboard_.outbox->publish(json::serialize(event));
}

void CallEvents::started(const call::StreamSession& session) {
    if (!wanted(session.call_sid())) return;
    json::object more{{"stream_sid", session.stream_sid()}};
    if (const auto call = switchboard_.calls.find(session.call_sid())) {
        more["direction"] = call->direction;
        more["from"] = call->from.reveal();
        more["to"] = call->to.reveal();
    }
    publish("call.started", session.call_sid(), more);
}

void CallEvents::utterance(const call::StreamSession& session, const call::UtteranceChange& change) {
    if (!wanted(session.call_sid())) return;
    if (!change.mark.empty()) {
        return publish(fmt::format("mark.{}", name_of(change.state)), session.call_sid(),
                       {{"utterance", change.id}, {"name", change.mark}});
    }
    const char* state = change.state == call::UtteranceState::speaking ? "started" : name_of(change.state);
    publish(fmt::format("speech.{}", state), session.call_sid(),
            {{"utterance", change.id},
             {"sent_ms", whole_milliseconds(change.sent)},
             {"heard_ms", whole_milliseconds(change.heard)}});
}

void CallEvents::digit(const call::StreamSession& session, char digit) {
    if (!wanted(session.call_sid())) return;
    publish("dtmf", session.call_sid(), {{"digit", std::string_view(&digit, 1)}});
}

void CallEvents::ended(const call::StreamSession& session, call::Outcome outcome) {
    if (!wanted(session.call_sid())) return;
    const call::Totals totals = session.totals();
    publish("call.ended", session.call_sid(),
            {{"outcome", name_of(outcome)},
             {"sent_ms", whole_milliseconds(totals.sent)},
             {"heard_ms", whole_milliseconds(totals.heard)},
             {"underruns", totals.underruns},
             {"digits", session.digits()}});
}

void CallEvents::status(const std::string& call_sid, twilio::CallStatus status) {
    if (!wanted(call_sid)) return;
    publish("call.status", call_sid, {{"status", twilio::name_of(status)}});
}

}  // namespace gateway
