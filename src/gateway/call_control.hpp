#pragma once
// Carries out on the calls of this server what the API asks of them: for clients who came here, and for other servers
// (call_orders.hpp). A request may be handled on another loop than the call's: it is carried to the call's loop, and
// its answer back. Requests with an Idempotency-Key are carried out once.

#include "gateway/answer_once.hpp"
#include "gateway/call_order.hpp"
#include "http/message.hpp"

#include <functional>
#include <string>

namespace gateway {

class LoopServices;
class MediaStream;

class CallControl {
public:
    explicit CallControl(LoopServices& loop) : loop_(loop) {}

    // `reply` is called once, on this loop; `call_sid` is empty for CallAction::list.
    void perform(CallAction action, const http::Request& request, const std::string& call_sid, const Reply& reply);

private:
    // What is to be done with an open call, on its own loop.
    using Work = std::function<http::Response(MediaStream&)>;

    http::Response list(const http::Request& request);
    void show(const std::string& call_sid, const Reply& reply);
    void say(const http::Request& request, const std::string& call_sid, const Reply& reply);
    void clear(const http::Request& request, const std::string& call_sid, const Reply& reply);
    void mark(const http::Request& request, const std::string& call_sid, const Reply& reply);
    void hang_up(const http::Request& request, const std::string& call_sid, const Reply& reply);

    void once(const http::Request& request, const Reply& reply, const std::string& call_sid, Work work);
    // Has `work` done where the call is; `reply` is called here, with its answer or a refusal.
    void control(const std::string& call_sid, Work work, Reply reply);

    LoopServices& loop_;
};

}  // namespace gateway
