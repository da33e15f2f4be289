#pragma once
// Twilio's two questions: a call comes in, what shall happen? And: its stream has ended, what next? Both are answered
// with TwiML, and whatever goes wrong inside, with TwiML that speaks.

#include "gateway/admission.hpp"
#include "gateway/api_prefix.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/request_trust.hpp"
#include "gateway/signed_form.hpp"
#include "http/message.hpp"
#include "net/http_server.hpp"
#include "twilio/twiml.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string_view>

namespace gateway {

class Webhook {
public:
    Webhook(LoopServices& loop, const RequestTrust& trust) : loop_(loop), trust_(trust), admission_(loop) {}

    // POST (or GET) /call/incoming
    void call_incoming(const std::shared_ptr<net::Exchange>& exchange, const RequestOrigin& origin);
    // POST (or GET) /call/ended: the `action` of our <Connect>
    void call_ended(const std::shared_ptr<net::Exchange>& exchange, const RequestOrigin& origin);

private:
    call::CallPlan plan_of(const SignedForm& call, const encoding::FormFields& query) const;
    twilio::ConnectStream stream_for(const SignedForm& call, const Ticket& ticket, const encoding::FormFields& query,
                                     const RequestOrigin& origin) const;
    void incoming(const std::shared_ptr<net::Exchange>& exchange, const RequestOrigin& origin, const SignedForm& call);
    // `rest`: what the caller has not heard, of a call that goes on.
    http::Response connect(const http::Request& request, const RequestOrigin& origin, const SignedForm& call,
                           std::optional<call::CallPlan> rest);
    http::Response after_stream(const http::Request& request, const RequestOrigin& origin, const SignedForm& call,
                                std::optional<call::CallPlan> rest);
    http::Response fall_back(const SignedForm& call, const std::exception& failure) const;
    template <class Answer>
    http::Response answer(const SignedForm& call, Answer&& decide);

    LoopServices& loop_;
    const RequestTrust& trust_;
    Admission admission_;
};

}  // namespace gateway
