#pragma once
// Every address of the server in one table, and who answers it.

#include "gateway/loop_services.hpp"
#include "gateway/request_trust.hpp"
#include "gateway/webhook.hpp"
#include "net/http_server.hpp"

#include <memory>

namespace gateway {

class Routes {
public:
    explicit Routes(LoopServices& loop)
        : loop_(loop),
          trust_(loop.switchboard.options.auth_token, loop.switchboard.options.public_url),
          webhook_(loop, trust_) {}

    void handle(const std::shared_ptr<net::Exchange>& exchange);

private:
    struct Route;
    static const Route table[];
    void open_stream(const std::shared_ptr<net::Exchange>& exchange);

    LoopServices& loop_;
    RequestTrust trust_;
    Webhook webhook_;
};

}  // namespace gateway
