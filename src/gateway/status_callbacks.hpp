#pragma once
// What Twilio tells of a call besides asking for TwiML: how the call stands, whether a person answered, how its stream
// fares. It tells everything at least once and in no certain order.

#include "gateway/request_trust.hpp"
#include "http/message.hpp"

#include <string_view>

namespace gateway {

class LoopServices;

class StatusCallbacks {
public:
    StatusCallbacks(LoopServices& loop, const RequestTrust& trust) : loop_(loop), trust_(trust) {}

    http::Response call_status(const http::Request& request, const RequestOrigin& origin);    // POST /call/status
    http::Response stream_status(const http::Request& request, const RequestOrigin& origin);  // POST /stream/status

private:
    LoopServices& loop_;
    const RequestTrust& trust_;
};

}  // namespace gateway
