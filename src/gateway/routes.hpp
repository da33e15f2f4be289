#pragma once
// Every address of the server in one table: what it demands of those who ask (api_access.hpp), and who answers.

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
    // Answers with a refusal and returns false when the route may not be asked by this client.
    bool admits(const Route& route, const std::shared_ptr<net::Exchange>& exchange);
    bool knows(const net::Exchange& exchange) const;
    void open_stream(const std::shared_ptr<net::Exchange>& exchange);

    LoopServices& loop_;
    RequestTrust trust_;
    Webhook webhook_;
};

}  // namespace gateway
