#include "gateway/admission.hpp"

#include "gateway/call_plan.hpp"
#include "twilio/e164.hpp"
#include "twilio/twiml.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace gateway {

namespace {

// Callers who show no number share these: "anonymous", "unavailable", "restricted", "blocked" and "unknown" on a
// keypad.
constexpr std::array<std::string_view, 5> numbers_of_nobody = {"+266696687", "+86282452253", "+7378742833", "+2562533",
                                                               "+8656696"};

}  // namespace

std::optional<http::Response> Admission::turn_away(const http::Request& request, const SignedForm& call) {
    if (is_closed_to(call.call_sid)) return turn_away_draining(request, call);
    if (loop_.switchboard.directory.is_announced(call.call_sid)) return std::nullopt;
    if (loop_is_late()) {
        loop_.events.limits().reached(Limit::loop_lag);
        return say(call, "busy", "loop_lag", busy_text(call));
    }
    if (calls_too_often(call)) return turn_away_caller(call);
    return take_place(call);
}

http::Response Admission::turn_away_caller(const SignedForm& call) const {
    loop_.events.limits().reached(Limit::calls_of_caller);
    return say(call, "caller_limit", "calls_of_caller", loop_.switchboard.options.caller_limit_text);
}

http::Response Admission::turn_away_from_number(const SignedForm& call) const {
    loop_.events.limits().reached(Limit::calls_of_number);
    return say(call, "busy", "calls_of_number", busy_text(call));
}

// A call that comes a second time has its place, and we know what becomes of it.
void Admission::ask_others(const SignedForm& call, const Decided& decided) {
    const auto limits = shared_limits(call);
    const bool limited = !limits.caller.empty() || limits.calls_max > 0;
    const bool reachable = loop_.store && loop_.store->ready();
    if (!limited || !reachable || loop_.switchboard.directory.is_announced(call.call_sid)) return decided(std::nullopt);
    loop_.store->tell(StoreUse::call_limits, loop_.switchboard.limit_ledger.admit(limits), others_answer_max,
                      [this, call, decided](const net::RedisResult& result) {
                          decided(answer_for(LimitLedger::verdict_of(result), call));
                      });
}

LimitLedger::Question Admission::shared_limits(const SignedForm& call) const {
    const Switchboard& all = loop_.switchboard;
    const std::string_view number = our_number(call.fields);
    const bool placed = call.field("Direction").starts_with("outbound");
    const double per_minute = all.options.calls_per_caller_per_minute;
    return {.caller = per_minute > 0 && is_limited_caller(call) ? call.field("From") : std::string_view(),
            .calls_per_minute = per_minute,
            .number = number,
            .calls_max = placed ? 0 : all.numbers.settings_for(number)->calls_max,
            .call_sid = call.call_sid};
}

std::optional<http::Response> Admission::answer_for(LimitLedger::Verdict verdict, const SignedForm& call) const {
    const bool turned_away = verdict == LimitLedger::Verdict::caller || verdict == LimitLedger::Verdict::number;
    if (!turned_away) return std::nullopt;
    loop_.switchboard.number_places.give_up(call.call_sid);
    return verdict == LimitLedger::Verdict::caller ? turn_away_caller(call) : turn_away_from_number(call);
}

// At its number, which may have fewer than the server. Calls that we placed are not turned away.
std::optional<http::Response> Admission::take_place(const SignedForm& call) const {
    Switchboard& all = loop_.switchboard;
    const std::string_view number = our_number(call.fields);
    const auto settings = all.numbers.settings_for(number);
    const std::size_t calls_max = call.field("Direction").starts_with("outbound") ? 0 : settings->calls_max;
    if (all.number_places.take(number, call.call_sid, calls_max, loop_.events.now())) return std::nullopt;
    return turn_away_from_number(call);
}

std::string Admission::busy_text(const SignedForm& call) const {
    return loop_.switchboard.numbers.settings_for(our_number(call.fields))->busy_text;
}

// A call whose webhook Twilio repeats is not new: its speech is under way.
bool Admission::is_closed_to(const std::string& call_sid) const {
    const Switchboard& all = loop_.switchboard;
    return all.draining && all.options.drain_policy != DrainPolicy::serve && !all.directory.is_announced(call_sid);
}

bool Admission::loop_is_late() const {
    const auto most = loop_.switchboard.options.loop_lag_max;
    return most.count() > 0 && loop_.lag.p95() > most;
}

http::Response Admission::turn_away_draining(const http::Request& request, const SignedForm& call) const {
    const Options& options = loop_.switchboard.options;
    if (options.drain_policy != DrainPolicy::redirect) {
        loop_.switchboard.metrics.webhook_answered("draining");
        return http::xml(twilio::say_and_hang_up(busy_text(call)));
    }
    loop_.switchboard.metrics.webhook_answered("redirect");
    const auto own = own_query(encoding::parse_form(request.query()).value_or(encoding::FormFields{}));
    const std::string& url = options.drain_redirect_url;
    return http::xml(twilio::redirect(own.empty() ? url : fmt::format("{}?{}", url, encoding::write_form(own))));
}

http::Response Admission::turn_away_full(const SignedForm& call) const {
    loop_.events.limits().reached(Limit::calls);
    return say(call, "busy", "too_many_calls", busy_text(call));
}

http::Response Admission::say(const SignedForm& call, const char* answer, const char* reason,
                              const std::string& text) const {
    loop_.switchboard.metrics.webhook_answered(answer);
    spdlog::warn("call turned away call_sid={} reason={}", call.call_sid, reason);
    return http::xml(twilio::say_and_hang_up(text));
}

// Calls that we placed have our own number there.
bool Admission::is_limited_caller(const SignedForm& call) const {
    const std::string_view from = call.field("From");
    if (call.field("Direction").starts_with("outbound") || !twilio::is_e164(from)) return false;
    return std::ranges::find(numbers_of_nobody, from) == numbers_of_nobody.end();
}

bool Admission::calls_too_often(const SignedForm& call) const {
    return is_limited_caller(call) &&
           loop_.switchboard.callers.take(call.field("From"), loop_.events.now()).has_value();
}

}  // namespace gateway
