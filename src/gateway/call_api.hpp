#pragma once
// What the API does with calls. Those that are open here are this server's own business (CallControl); of the others it
// asks the servers that share our Redis (CallOrders), when there is one.

#include "gateway/call_control.hpp"
#include "gateway/call_placement.hpp"
#include "net/http_server.hpp"

#include <memory>
#include <string>

namespace gateway {

class LoopServices;

class CallApi {
public:
    explicit CallApi(LoopServices& loop) : loop_(loop), control_(loop), placement_(loop) {}

    using ExchangePointer = std::shared_ptr<net::Exchange>;
    void list(const ExchangePointer& exchange);   // GET /calls
    void place(const ExchangePointer& exchange);  // POST /calls
    // GET /calls/{sid} and POST /calls/{sid}/…
    void on_call(CallAction action, const ExchangePointer& exchange, const std::string& call_sid);

private:
    LoopServices& loop_;
    CallControl control_;
    CallPlacement placement_;
};

}  // namespace gateway
