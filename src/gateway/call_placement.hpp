#pragma once
// POST /calls: places a call through Twilio's REST API. What it is to hear is kept under a name in the webhook's URL
// (kept_plans.hpp); from there on it is a call like any other.
//
// Twilio's "too many requests" says that nothing was done, so it is tried again, with growing, random pauses; and so is
// a connection that was never made. Whatever may have placed the call already is not repeated.

#include "gateway/answer_once.hpp"
#include "http/message.hpp"

namespace gateway {

class LoopServices;

class CallPlacement {
public:
    explicit CallPlacement(LoopServices& loop) : loop_(loop) {}

    // `base_url`: under which Twilio reaches us.
    void place(const http::Request& request, const std::string& base_url, const Reply& reply);

private:
    LoopServices& loop_;
};

}  // namespace gateway
