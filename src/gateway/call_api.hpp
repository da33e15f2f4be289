#pragma once
// Call control for clients of the API: what calls there are, and say, clear, mark, hang up on one of them. A request
// may arrive on another loop than the call's: it is carried to the call's loop, and its answer back. Requests with an
// Idempotency-Key are carried out once.

#include "gateway/answer_once.hpp"
#include "gateway/call_placement.hpp"
#include "gateway/call_register.hpp"
#include "http/message.hpp"
#include "net/http_server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gateway {

class LoopServices;
class MediaStream;

class CallApi {
public:
    explicit CallApi(LoopServices& loop) : loop_(loop), placement_(loop) {}

    using ExchangePointer = std::shared_ptr<net::Exchange>;
    void list(const ExchangePointer& exchange);                                  // GET /calls
    void place(const ExchangePointer& exchange);                                 // POST /calls
    void show(const ExchangePointer& exchange, const std::string& call_sid);     // GET /calls/{sid}
    void say(const ExchangePointer& exchange, const std::string& call_sid);      // POST /calls/{sid}/say
    void clear(const ExchangePointer& exchange, const std::string& call_sid);    // POST /calls/{sid}/clear
    void mark(const ExchangePointer& exchange, const std::string& call_sid);     // POST /calls/{sid}/mark
    void hang_up(const ExchangePointer& exchange, const std::string& call_sid);  // POST /calls/{sid}/hangup

private:
    // What is to be done with an open call, on its own loop.
    using Work = std::function<http::Response(MediaStream&)>;

    void once(const ExchangePointer& exchange, const std::string& call_sid, Work work);
    // Has `work` done where the call is; `reply` is called here, with its answer or a refusal.
    void control(const std::string& call_sid, Work work, Reply reply);

    LoopServices& loop_;
    CallPlacement placement_;
};

}  // namespace gateway
