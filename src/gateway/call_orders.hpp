#pragma once
// Requests about calls that are on other servers. Every server listens on a channel of Redis that is its own; a script
// there finds out who has the call's stream open, and passes the request on in the same round trip. Who gets it carries
// it out as if it had come from a client (CallControl), and publishes its answer on the channel of who asked. Channels
// keep nothing: an order that nobody hears is known to be lost at once, and one that is not answered in time counts as
// such, though it may have been carried out.

#include "call/histogram.hpp"
#include "call/labelled_counter.hpp"
#include "gateway/call_control.hpp"
#include "gateway/call_order.hpp"
#include "gateway/shared_store.hpp"
#include "net/redis_subscription.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway {

struct Switchboard;
class LoopServices;

class CallOrders {
public:
    struct Options {
        std::size_t waiting_max = 1'000;  // orders without their answers
    };
    // Lives on the first loop, where its answers arrive.
    explicit CallOrders(Switchboard& switchboard) : CallOrders(switchboard, Options{}) {}
    CallOrders(Switchboard& switchboard, Options options);
    ~CallOrders();

    enum class To {
        owner,         // who has the call's stream open, if anybody
        owner_or_all,  // and when nobody has, all others
        all,           // others
    };
    struct Outcome {
        bool passed_on = false;  // Redis has taken it
        bool to_owner = false;   // it went to who has the stream, and to nobody else
        std::vector<OrderAnswer> answers{};
        std::vector<std::string> unreachable{};  // servers that do not listen
        std::vector<std::string> late{};         // that have not answered in time
    };
    using Answered = std::function<void(const Outcome&)>;
    // From any loop; answers once, on that loop. `from` and `number` of the order are filled in.
    void ask(LoopServices& home, CallOrder order, To to, Answered answered);

    std::string render() const;  // for /metrics, from any thread

private:
    struct Waiting;

    void begin(CallOrder order, To to, Answered answered);
    void passed_on(std::uint64_t number, const net::RedisResult& result);
    void heard(const std::string& message);
    void on_answer(OrderAnswer answer);
    void on_order(const StampedOrder& stamped);
    void publish_answer(const CallOrder& order, const http::Response& response);
    void finish(std::uint64_t number);
    void count(const Outcome& outcome);

    Switchboard& switchboard_;
    const Options options_;
    LoopServices& first_;
    SharedStore& store_;
    CallControl control_;
    std::uint64_t last_number_ = 0;
    std::unordered_map<std::uint64_t, std::unique_ptr<Waiting>> waiting_;  // by the order's number
    std::atomic<bool> listens_ = false;
    call::LabelledCounter sent_{"answered", "crowded", "late", "nobody", "not_passed_on", "unreachable"};
    call::LabelledCounter received_{"carried_out", "malformed", "outdated"};
    call::Histogram seconds_;
    const std::shared_ptr<int> here_ = std::make_shared<int>();  // gone when this is: work under way looks first
    net::RedisSubscription subscription_;                        // last: it calls back while it ends
};

}  // namespace gateway
