#include "simulator/simulated_call.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace simulator {

namespace {

// A document that redirects to itself must end somewhere.
constexpr std::size_t documents_max = 20;

std::string_view verb_of(const Step& step) {
    constexpr std::string_view names[] = {"Say", "Play", "Pause", "Connect", "Hangup", "Reject", "Redirect"};
    if (const auto* other = std::get_if<NotSimulated>(&step)) return other->verb;
    return names[step.index()];
}

// A connection breaks once: whether the server makes up for it is what one wants to hear.
Trouble after_first_stream(Trouble trouble) {
    trouble.reset_after.reset();
    trouble.half_open_after.reset();
    return trouble;
}

}  // namespace

SimulatedCall::SimulatedCall(Exchange exchange, CallPlan plan, std::function<void(CallReport)> done)
    : exchange_(exchange),
      plan_(std::move(plan)),
      done_(std::move(done)),
      document_(plan_.webhook),
      answered_(plan_.answered),
      pause_(exchange_.loop.timers(), [this] { run_steps(); }),
      ring_(exchange_.loop.timers(), [this] { open_stream(); }) {
    report_.call_sid = plan_.caller.call_sid;
}

void SimulatedCall::start() {
    asked_ = exchange_.loop.now();
    fetch(plan_.webhook, plan_.webhook_method, parameters());
}

encoding::FormFields SimulatedCall::parameters() const {
    auto fields = call_parameters(plan_.caller, caller_gone_ ? "completed" : answered_ ? "in-progress" : "ringing");
    fields.insert(fields.end(), plan_.more_parameters.begin(), plan_.more_parameters.end());
    return fields;
}

void SimulatedCall::fetch(const WebAddress& url, std::string_view method, const encoding::FormFields& fields) {
    if (++documents_ > documents_max) {
        report_.notices.push_back({0, "the TwiML goes round in circles"});
        return finish(Outcome::application_error);
    }
    document_ = url;
    auto request = webhook_request(plan_.caller, method, url, plan_.route, fields, exchange_.random);
    // What was kept from the call's beginning may be closed by now, and a POST is not sent twice.
    request.fresh_connection = documents_ > 1;
    fetch_ =
        std::make_unique<DocumentFetch>(exchange_.loop, exchange_.client, std::move(request), url.overrides,
                                        plan_.route.plain_streams(), [this](std::expected<Twiml, Notice> document) {
                                            note_repetition();
                                            fetched(std::move(document));
                                        });
}

// What Twilio makes up for is the server's fault all the same.
void SimulatedCall::note_repetition() {
    if (const unsigned times = fetch_->asked_again(); times > 0)
        report_.notices.push_back({0, fmt::format("had to be asked {} times more", times)});
}

void SimulatedCall::fetched(std::expected<Twiml, Notice> document) {
    if (documents_ == 1) report_.webhook_time = exchange_.loop.now() - asked_;
    if (!document) return fall_back(document.error());
    report_.notices.insert(report_.notices.end(), document->warnings.begin(), document->warnings.end());
    if (caller_gone_) return finish(Outcome::completed);  // nobody is there to hear it
    steps_ = std::move(document->steps);
    next_step_ = 0;
    run_steps();
}

void SimulatedCall::fall_back(const Notice& why) {
    report_.notices.push_back(why);
    if (!plan_.fallback || falling_back_) return finish(Outcome::application_error);
    falling_back_ = true;
    auto fields = parameters();
    fields.emplace_back("ErrorCode", std::to_string(why.code));
    fields.emplace_back("ErrorUrl", document_.text());
    fetch(*plan_.fallback, "POST", fields);
}

void SimulatedCall::run_steps() {
    while (next_step_ < steps_.size()) {
        const Step step = std::move(steps_[next_step_++]);  // running it may replace the list
        report_.steps.emplace_back(verb_of(step));
        answered_ = answered_ || !std::holds_alternative<Reject>(step);
        if (!std::visit([this](const auto& what) { return run(what); }, step)) return;
    }
    finish(Outcome::completed);
}

bool SimulatedCall::run(const Say& say) {
    report_.spoken.push_back(say.text);
    return true;
}

bool SimulatedCall::run(const Play&) {
    return true;
}

bool SimulatedCall::run(const Pause& pause) {
    pause_.arm(exchange_.loop.now() + pause.length);
    return false;
}

bool SimulatedCall::run(const Hangup&) {
    finish(Outcome::completed);
    return false;
}

bool SimulatedCall::run(const Reject&) {
    finish(answered_ ? Outcome::completed : Outcome::rejected);
    return false;
}

bool SimulatedCall::run(const Redirect& redirect) {
    const auto url = resolve(document_, redirect.url);
    if (!url) {
        fall_back({code::http_retrieval, "the <Redirect> URL is not one"});
    } else {
        fetch(*url, redirect.method, parameters());
    }
    return false;
}

bool SimulatedCall::run(const NotSimulated& verb) {
    report_.notices.push_back({0, fmt::format("<{}> is not simulated", verb.verb)});
    return true;
}

bool SimulatedCall::run(const ConnectStream& connect) {
    connect_ = connect;
    const auto url = resolve(document_, connect.url);
    const bool speaks_websocket = url && (url->scheme == "wss" || url->scheme == "ws");
    if (connect.fault || !url) {
        report_.notices.push_back(connect.fault.value_or(Notice{code::stream_url, "malformed <Stream> url"}));
        after_connect();
        return false;
    }
    stream_url_ = *url;
    if (!speaks_websocket) stream_url_.scheme = url->scheme == "https" ? "wss" : "ws";  // a relative url
    const auto opens = asked_ + plan_.stream_after;
    if (report_.streams.empty() && opens > exchange_.loop.now()) {
        ring_.arm(opens);
    } else {
        open_stream();
    }
    return false;
}

void SimulatedCall::open_stream() {
    const WebAddress reached = plan_.route.to(stream_url_);

    StreamPlan stream;
    stream.target = {.tls = reached.scheme == "wss",
                     .authorities = exchange_.authorities,
                     .host = reached.host(),
                     .port = reached.port(),
                     .target = reached.target,
                     .host_header = reached.authority == stream_url_.authority ? "" : stream_url_.authority,
                     .headers = {{"User-Agent", "Twilio.TmeWs/1.0"}}};
    if (auto signature = upgrade_signature(plan_.caller, stream_url_, plan_.stream_signature); !signature.empty()) {
        stream.target.headers.emplace_back("x-twilio-signature", std::move(signature));
    }
    stream.line = plan_.line;
    stream.line.account_sid = plan_.caller.account_sid;
    stream.line.call_sid = plan_.caller.call_sid;
    stream.line.stream_sid = new_sid("MZ", exchange_.random);
    stream.line.parameters = connect_.parameters;
    stream.line.seed = static_cast<std::uint32_t>(exchange_.random());
    stream.ear = plan_.ear;
    stream.patience = plan_.patience;
    stream.trouble = std::exchange(plan_.trouble, after_first_stream(plan_.trouble));
    stream.webhook_asked = asked_;
    leg_ = std::make_unique<StreamLeg>(exchange_.loop, exchange_.frames, std::move(stream), [this] { stream_ended(); });
}

void SimulatedCall::stream_ended() {
    const auto notices = leg_->take_notices();
    report_.notices.insert(report_.notices.end(), notices.begin(), notices.end());
    report_.streams.push_back(leg_->take_report());
    leg_.reset();
    const StreamReport& stream = report_.streams.back();
    caller_gone_ = stream.end == StreamEnd::caller_hung_up;
    if (stream.end != StreamEnd::not_opened && !stream.ear.heard_sound()) {
        report_.notices.push_back({0, "the caller heard nothing on the stream"});
    }
    if (plan_.lost_stream_ends_call && stream.end == StreamEnd::lost) return finish(Outcome::completed);
    after_connect();
}

void SimulatedCall::after_connect() {
    if (connect_.action) {
        const auto action = resolve(document_, *connect_.action);
        if (!action) return fall_back({code::http_retrieval, "the action URL is not one"});
        return fetch(*action, connect_.method, parameters());
    }
    if (caller_gone_) return finish(Outcome::completed);
    run_steps();
}

void SimulatedCall::finish(Outcome outcome) {
    report_.outcome = outcome;
    report_.length = exchange_.loop.now() - asked_;
    caller_gone_ = true;
    if (plan_.status_callback) return report_status();
    hand_over();
}

void SimulatedCall::report_status() {
    const auto url = *std::exchange(plan_.status_callback, std::nullopt);
    auto fields = parameters();
    const auto seconds = std::chrono::round<std::chrono::seconds>(report_.length).count();
    fields.emplace_back("CallbackSource", "call-progress-events");
    fields.emplace_back("SequenceNumber", "0");
    fields.emplace_back("CallDuration", std::to_string(seconds));
    fields.emplace_back("Duration", std::to_string((seconds + 59) / 60));
    fetch_ = std::make_unique<DocumentFetch>(
        exchange_.loop, exchange_.client,
        webhook_request(plan_.caller, "POST", url, plan_.route, fields, exchange_.random), url.overrides, true,
        [this](const std::expected<Twiml, Notice>& answer) {
            // Whatever is in a 2xx answer is ignored.
            if (!answer && answer.error().code == code::bad_http_status) {
                report_.notices.push_back({code::callback_failed, "the status callback was refused"});
            }
            hand_over();
        });
}

void SimulatedCall::hand_over() {
    if (done_) std::exchange(done_, nullptr)(std::move(report_));
}

}  // namespace simulator
