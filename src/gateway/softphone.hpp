#pragma once
// The telephone in the console: a browser plays Twilio. It asks for a call, which is announced as the webhook would
// announce it, and gets a one-time token; with that it opens a Media Stream on an address of its own and speaks the
// same protocol as Twilio (docs/decisions/0023). Who may ask is decided by the API key; whether anybody may at all, by
// SOFTPHONE.

#include "gateway/admission.hpp"
#include "gateway/options.hpp"
#include "gateway/request_origin.hpp"
#include "net/http_server.hpp"

#include <memory>

namespace gateway {

class LoopServices;

bool softphone_is_on(const Options& options);

class Softphone {
public:
    explicit Softphone(LoopServices& loop) : loop_(loop), admission_(loop) {}

    using ExchangePointer = std::shared_ptr<net::Exchange>;
    // POST /softphone/calls {"voice_id": …, "to": …} -> {"call_sid", "account_sid", "connection", "parameters"}
    void call(const ExchangePointer& exchange);
    // GET /softphone/connection: the WebSocket. Nothing is spent on it before its `start` has shown the token.
    void connect(const ExchangePointer& exchange, const RequestOrigin& origin);

private:
    LoopServices& loop_;
    Admission admission_;
};

}  // namespace gateway
