#pragma once
// Every address of the server in one table: what it demands of those who ask (api_access.hpp), and who answers.

#include "gateway/call_api.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/request_trust.hpp"
#include "gateway/softphone.hpp"
#include "gateway/status_callbacks.hpp"
#include "gateway/webhook.hpp"
#include "net/http_server.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

class Routes {
public:
    explicit Routes(LoopServices& loop)
        : loop_(loop),
          trust_(loop.switchboard.options.auth_token),
          webhook_(loop, trust_),
          callbacks_(loop, trust_),
          call_api_(loop),
          softphone_(loop) {}

    void handle(const std::shared_ptr<net::Exchange>& exchange);

    // Every method and path there is.
    static std::vector<std::pair<std::string, std::string>> operations();

private:
    struct Route;
    static const Route table[];
    // Answers with a refusal and returns false when the route may not be asked by this client.
    bool admits(const Route& route, const std::shared_ptr<net::Exchange>& exchange);
    void deny(const Route& route, const std::shared_ptr<net::Exchange>& exchange, const RequestOrigin& origin,
              Denial denial);
    bool knows(const net::Exchange& exchange) const;
    RequestOrigin origin_of(const net::Exchange& exchange) const;
    static std::optional<std::string_view> part_of(const Route& route, std::string_view path);
    void answer(const Route& route, const std::shared_ptr<net::Exchange>& exchange, const std::string& part);
    void open_stream(const std::shared_ptr<net::Exchange>& exchange);

    LoopServices& loop_;
    RequestTrust trust_;
    Webhook webhook_;
    StatusCallbacks callbacks_;
    CallApi call_api_;
    Softphone softphone_;
};

}  // namespace gateway
