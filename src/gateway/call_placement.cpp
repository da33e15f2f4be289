#include "gateway/call_placement.hpp"

#include "call/greeting.hpp"
#include "gateway/call_page.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/request_trust.hpp"
#include "gateway/speech_wish.hpp"
#include "gateway/webhook.hpp"
#include "twilio/call_request.hpp"
#include "twilio/connection_overrides.hpp"
#include "twilio/e164.hpp"
#include "twilio/sid.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <random>
#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

using std::chrono::milliseconds;

constexpr unsigned attempts_max = 4;
constexpr milliseconds pause_first{250}, pause_max{5'000};

struct Order {
    twilio::CallRequest call;
    call::CallPlan plan;
};

using Fault = std::optional<std::string>;

Fault read_seconds(const json::object& body, std::string_view name, double most, double& into) {
    return read_number(body, name, 1, most, into);
}

std::string greeting_for(const numbers::CallSettings& settings, const twilio::CallRequest& call) {
    return call::fill_greeting(settings.greeting, {{"from", call.from.reveal()}, {"to", call.to.reveal()}});
}

// What it leaves out is as the number has it that calls.
Fault read_plan(const json::object& body, const numbers::CallSettings& settings, const twilio::CallRequest& call,
                call::CallPlan& plan) {
    SpeechWish wish{.settings = settings.voice.settings};
    if (auto fault = read_wish(body, wish)) return fault;
    if (wish.text.empty()) wish.text = greeting_for(settings, call);
    auto speech = speech_request(std::move(wish), settings.voice);
    if (!speech) return speech.error();
    plan.speech = std::move(*speech);
    const auto after = read_choice(body, "after_speech", {"", "stay", "hangup"});
    if (!after) return "after_speech must be stay or hangup.";
    plan.after_speech = after->empty()     ? settings.after_speech
                        : *after == "stay" ? call::AfterSpeech::stay
                                           : call::AfterSpeech::hang_up;
    plan.call_duration_max = settings.call_duration_max;
    plan.record = settings.record;
    return read_bool(body, "record", plan.record);
}

Fault read_call(const json::object& body, const Options& options, twilio::CallRequest& call) {
    std::string to, from = options.phone_number.reveal();
    if (auto fault = read_string(body, "to", to)) return fault;
    if (auto fault = read_string(body, "from", from)) return fault;
    if (!twilio::is_e164(to)) return "to must be a telephone number in E.164, such as +14155550199.";
    if (!twilio::is_e164(from)) return "from must be a telephone number in E.164 when TWILIO_PHONE_NUMBER is not set.";
    call.to = Secret(std::move(to));
    call.from = Secret(std::move(from));
    double ring = 60, length = 0;
    if (auto fault = read_seconds(body, "ring_seconds", 600, ring)) return fault;
    if (auto fault = read_seconds(body, "length_seconds", 14'400, length)) return fault;
    call.ring_time = std::chrono::seconds(static_cast<int>(ring));
    if (length > 0) call.length_max = std::chrono::seconds(static_cast<int>(length));
    const auto detection = read_choice(body, "machine_detection", {"off", "enable", "detect_message_end"});
    if (!detection) return detection.error();
    call.machine_detection = *detection == "off"      ? twilio::MachineDetection::off
                             : *detection == "enable" ? twilio::MachineDetection::enable
                                                      : twilio::MachineDetection::detect_message_end;
    return std::nullopt;
}

// What Twilio's refusal means to the client.
http::Response refusal(const Fetched& answer) {
    const auto error = twilio::read_rest_error(answer.body);
    const int status = answer.head.status;
    if (status == 429) {
        auto busy = http::error(503, "Twilio takes no more calls at the moment (20429).");
        busy.headers.emplace_back("Retry-After", "5");
        return busy;
    }
    if (status == 400)
        return http::error(422, fmt::format("Twilio refuses the call: {} ({})", error.message, error.code));
    if (status == 401 || status == 403)
        return http::error(502,
                           fmt::format("Twilio refuses TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN ({}).", error.code));
    return http::error(502, fmt::format("Twilio failed with status {} ({}).", status, error.code));
}

// One call being placed; keeps itself until it has replied.
class Placement final {
public:
    Placement(LoopServices& loop, Order order, net::OutgoingRequest request, Reply reply)
        : loop_(loop),
          order_(std::move(order)),
          request_(std::move(request)),
          reply_(std::move(reply)),
          again_(loop.events.timers(), [this] { attempt(); }) {}

    void attempt() {
        ++attempts_;
        loop_.fetches.start(request_, [this](auto answer) { on_answer(answer); });
    }

private:
    void on_answer(const std::expected<Fetched, net::TransportError>& answer) {
        if (!answer) return on_failure(answer.error());
        const int status = answer->head.status;
        if (status == 429 && attempts_ < attempts_max) return try_again(answer->head.header("retry-after"));
        if (status != 201 && status != 200) {
            spdlog::warn("call not placed reason={:?}",
                         fmt::format("http {} code {}", status, twilio::read_rest_error(answer->body).code));
            return end(refusal(*answer));
        }
        const auto placed = twilio::read_placed_call(answer->body);
        if (!placed || !twilio::is_sid(placed->sid)) return end(http::error(502, "Twilio's answer names no call."));
        on_placed(*placed);
    }

    void on_failure(const net::TransportError& error) {
        using Kind = net::TransportError::Kind;
        const bool never_sent = error.kind == Kind::resolve || error.kind == Kind::connect || error.kind == Kind::tls;
        if (never_sent && attempts_ < attempts_max) return try_again({});
        spdlog::warn("call not placed reason={:?}", error.reason);
        if (never_sent) return end(http::error(502, "Twilio cannot be reached."));
        end(http::error(504, "Twilio did not answer: whether the call is placed is not known."));
    }

    // A random pause up to a bound that doubles ("full jitter"), and at least what Twilio asks for.
    void try_again(std::string_view retry_after) {
        const auto most = std::min(pause_max, pause_first * (1u << attempts_));
        std::uniform_int_distribution<long> any(0, most.count());
        milliseconds pause{any(random_)};
        long seconds = 0;
        const auto [end, error] = std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
        if (error == std::errc{} && seconds > 0 && !retry_after.empty())
            pause = std::min(pause_max, std::max(pause, milliseconds(seconds * 1'000)));
        again_.arm(loop_.events.now() + pause);
    }

    void on_placed(const twilio::PlacedCall& placed) {
        const auto now = loop_.events.now();
        auto& calls = loop_.switchboard.calls;
        calls.announced({.call_sid = placed.sid,
                         .account_sid = loop_.switchboard.options.account_sid,
                         .direction = "outbound-api",
                         .from = order_.call.from,
                         .to = order_.call.to},
                        now);
        loop_.switchboard.events.changed(placed.sid);
        spdlog::info("call placed call_sid={} attempts={}", placed.sid, attempts_);
        const auto call = calls.find(placed.sid);
        end(call ? json_page(201, call_page(*call, now)) : http::error(502, "The call is over already."));
    }

    void end(const http::Response& response) {
        reply_(response);
        loop_.events.let_go(this);
    }

    LoopServices& loop_;
    const Order order_;
    const net::OutgoingRequest request_;
    const Reply reply_;
    net::Timer again_;
    unsigned attempts_ = 0;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

void CallPlacement::place(const http::Request& request, const std::string& base_url, const Reply& reply) {
    const Options& options = loop_.switchboard.options;
    const auto body = json_body(request);
    if (!body) return reply(body.error());
    Order order;
    if (const auto fault = read_call(*body, options, order.call)) return reply(http::error(422, *fault));
    const auto settings = loop_.switchboard.numbers.settings_for(order.call.from.reveal());
    if (const auto fault = read_plan(*body, *settings, order.call, order.plan)) return reply(http::error(422, *fault));
    if (order.plan.record && !loop_.switchboard.recorder)
        return reply(http::error(422, "record needs RECORDINGS_DIR, which this server has not."));
    if (loop_.switchboard.draining) return reply(http::error(503, "The server is draining: it places no calls."));
    if (options.account_sid.empty() || options.auth_token.empty())
        return reply(http::error(503, "Calls can be placed when TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are set."));

    const std::string name = secret_plan_name();
    loop_.switchboard.planned.keep(name, order.plan, loop_.events.now());
    loop_.shared_speech.keep_planned(name, order.plan);
    order.call.url = fmt::format("{}{}/call/incoming?plan={}{}", base_url, api_prefix, name, twilio::ask_again);
    order.call.status_callback = fmt::format("{}{}/call/status", base_url, api_prefix);
    net::OutgoingRequest outgoing{
        .method = "POST",
        .url = options.twilio_url + twilio::calls_path(options.account_sid),
        .headers = {{"Authorization", twilio::basic_credentials(options.account_sid, options.auth_token)},
                    {"Content-Type", "application/x-www-form-urlencoded"},
                    {"Accept", "application/json"}},
        .body = encoding::write_form(twilio::call_form(order.call)),
        .total_timeout = std::chrono::seconds(15),
        .body_bytes_max = 64u << 10,
        .fresh_connection = true};
    auto placement = std::make_shared<Placement>(loop_, std::move(order), std::move(outgoing), reply);
    loop_.events.keep(placement);
    placement->attempt();
}

}  // namespace gateway
