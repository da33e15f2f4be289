#pragma once
// One call ordered through Twilio's REST side: rings, is answered or not, is made (SimulatedCall), and its progress
// reported to the status callback. Source: twilio.com/docs/voice/api/call-resource, docs/voice/twiml (status
// callbacks).

#include "simulator/simulated_call.hpp"
#include "twilio/call_status.hpp"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace simulator {

// What the REST request asked for, checked.
struct CallOrder {
    CallPlan plan;  // whom to call, where the TwiML is, where to report
    std::optional<WebAddress> status_callback, amd_callback;
    std::set<std::string> events;  // of initiated, ringing, answered, completed
};

// How the called party behaves.
struct Callee {
    twilio::CallStatus answer = twilio::CallStatus::in_progress;  // or busy, no_answer, failed
    std::chrono::milliseconds ring_time{200};
    bool disorder = false;  // reports come twice, and the last two in the wrong order
};

class OrderedCall {
public:
    OrderedCall(Exchange exchange, CallOrder order, Callee callee);

    const CallOrder& order() const { return order_; }
    twilio::CallStatus status() const { return status_; }
    const std::optional<CallReport>& report() const { return report_; }

private:
    void ring();
    void be_answered();
    void end(twilio::CallStatus status);
    void enter(twilio::CallStatus status, const char* event);
    void tell(const WebAddress& where, const encoding::FormFields& fields, std::function<void()> heard = {});

    Exchange exchange_;
    CallOrder order_;
    Callee callee_;
    twilio::CallStatus status_ = twilio::CallStatus::queued;
    int sequence_ = 0;
    Instant answered_at_{};
    net::Timer next_;
    std::function<void()> then_;
    std::vector<std::unique_ptr<DocumentFetch>> reports_;
    std::optional<encoding::FormFields> held_back_;
    std::unique_ptr<SimulatedCall> call_;
    std::optional<CallReport> report_;
};

}  // namespace simulator
