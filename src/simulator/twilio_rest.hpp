#pragma once
// Twilio's REST side on this machine: calls are ordered by POST as at api.twilio.com and then really made, by a
// SimulatedCall that asks the TwiML, opens the stream and listens; its status is reported as Twilio does. Strict: what
// Twilio would refuse is refused with its code, and what it would pass over in silence as well.
//
//   POST /2010-04-01/Accounts/AC…/Calls.json       places a call: 201
//   GET  …/Calls/CA….json                          200
//   GET  /standin/calls                            what was ordered and what became of it
//   POST /standin/faults  {"status":429,"code":20429,"times":2,"retry_after":1}
//   POST /standin/callee  {"answer":"busy"}        how the next calls go: answer, busy, no-answer, failed;
//   {"disorder":true}

#include "net/event_loop.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "simulator/ordered_call.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>

namespace simulator {

class TwilioRest {
public:
    struct Options {
        std::string host = "127.0.0.1";
        std::uint16_t port = 0;
        std::string account_sid = "AC0123456789abcdef0123456789abcdef";
        Secret auth_token{"0123456789abcdef0123456789abcdef"};
        Patience patience{};
    };
    TwilioRest(net::EventLoop& loop, Options options);
    ~TwilioRest();

    std::expected<void, std::string> listen() { return server_.listen(options_.port); }
    std::uint16_t port() const { return server_.port(); }

private:
    struct Fault {
        int status = 0, code = 0, times = 0, retry_after = 0;
    };
    void handle(const std::shared_ptr<net::Exchange>& exchange);
    http::Response control(const http::Request& request);
    http::Response rest(const http::Request& request);
    http::Response create(const http::Request& request);
    http::Response refuse(int status, int code, std::string_view message);
    boost::json::object describe(const OrderedCall& call) const;

    net::EventLoop& loop_;
    Options options_;
    net::HttpClient client_;
    const std::shared_ptr<const net::Tls> authorities_;
    FrameCheck frames_;
    std::mt19937_64 random_{std::random_device{}()};
    Fault fault_;
    Callee callee_;
    std::size_t requests_ = 0;
    std::deque<std::string> order_;
    std::unordered_map<std::string, std::unique_ptr<OrderedCall>> calls_;
    net::HttpServer server_;
};

}  // namespace simulator
