#pragma once
// Whether a new call may come in. One that may not hears a sentence in Twilio's own voice, at once; calls that run feel
// nothing of it, and a call that goes on (its stream was lost, Twilio asks again) is never turned away.

#include "gateway/limit_ledger.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/signed_form.hpp"
#include "http/message.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace gateway {

class Admission {
public:
    explicit Admission(LoopServices& loop) : loop_(loop) {}

    // The answer for a call that may not come in: the server drains, this loop has more to do than it can, the caller
    // has called too often, or its number has as many calls as it may. nullopt: let it in; it has its place there.
    std::optional<http::Response> turn_away(const http::Request& request, const SignedForm& call);

    // What the servers that share Redis say of a call that turn_away() lets in. `decided` is called once, at once where
    // none of the limits is theirs; without their answer in time it is let in.
    using Decided = std::function<void(std::optional<http::Response>)>;
    void ask_others(const SignedForm& call, const Decided& decided);

    // This loop has more to do than it can: it takes no new calls.
    bool loop_is_late() const;
    // The server drains, and does not begin anything for this call any more.
    bool is_closed_to(const std::string& call_sid) const;
    http::Response turn_away_draining(const http::Request& request, const SignedForm& call) const;

    // For one that found no place: MAX_CALLS are there.
    http::Response turn_away_full(const SignedForm& call) const;

private:
    http::Response say(const SignedForm& call, const char* answer, const char* reason, const std::string& text) const;
    bool is_limited_caller(const SignedForm& call) const;
    bool calls_too_often(const SignedForm& call) const;
    http::Response turn_away_caller(const SignedForm& call) const;
    http::Response turn_away_from_number(const SignedForm& call) const;
    std::optional<http::Response> answer_for(LimitLedger::Verdict verdict, const SignedForm& call) const;
    LimitLedger::Question shared_limits(const SignedForm& call) const;
    std::string busy_text(const SignedForm& call) const;
    std::optional<http::Response> take_place(const SignedForm& call) const;

    static constexpr std::chrono::milliseconds others_answer_max{100};

    LoopServices& loop_;
};

}  // namespace gateway
