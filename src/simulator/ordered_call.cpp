#include "simulator/ordered_call.hpp"

#include <utility>

namespace simulator {

using twilio::CallStatus;

OrderedCall::OrderedCall(Exchange exchange, CallOrder order, Callee callee)
    : exchange_(exchange),
      order_(std::move(order)),
      callee_(callee),
      next_(exchange_.loop.timers(), [this] { std::exchange(then_, nullptr)(); }) {
    then_ = [this] { ring(); };
    next_.arm(exchange_.loop.now());
}

void OrderedCall::ring() {
    enter(CallStatus::initiated, "initiated");
    enter(CallStatus::ringing, "ringing");
    then_ = [this] {
        if (callee_.answer == CallStatus::in_progress) return be_answered();
        end(callee_.answer);
    };
    next_.arm(exchange_.loop.now() + callee_.ring_time);
}

void OrderedCall::be_answered() {
    answered_at_ = exchange_.loop.now();
    enter(CallStatus::in_progress, "answered");
    if (order_.amd_callback) {
        tell(*order_.amd_callback, {{"AccountSid", order_.plan.caller.account_sid},
                                    {"CallSid", order_.plan.caller.call_sid},
                                    {"AnsweredBy", "human"},
                                    {"MachineDetectionDuration", "1200"}});
    }
    call_ = std::make_unique<SimulatedCall>(exchange_, order_.plan, [this](CallReport report) {
        report_ = std::move(report);
        end(CallStatus::completed);
    });
    call_->start();
}

void OrderedCall::end(CallStatus status) {
    enter(status, "completed");
}

void OrderedCall::enter(CallStatus status, const char* event) {
    status_ = status;
    const int sequence = sequence_++;
    if (!order_.status_callback || !order_.events.contains(event)) return;
    auto fields = call_parameters(order_.plan.caller, twilio::name_of(status));
    fields.emplace_back("CallbackSource", "call-progress-events");
    fields.emplace_back("SequenceNumber", std::to_string(sequence));
    if (twilio::is_final(status)) {
        const auto length =
            status == CallStatus::completed ? exchange_.loop.now() - answered_at_ : net::Clock::duration{};
        const auto seconds = std::chrono::round<std::chrono::seconds>(length).count();
        fields.emplace_back("CallDuration", std::to_string(seconds));
        fields.emplace_back("Duration", std::to_string((seconds + 59) / 60));
    }
    // Out of order: what happened before the end is told behind it, when the end has been heard of.
    if (callee_.disorder && status == CallStatus::in_progress) {
        held_back_ = std::move(fields);
        return;
    }
    tell(*order_.status_callback, fields);
    if (!callee_.disorder) return;
    tell(*order_.status_callback, fields, [this] {
        if (held_back_ && twilio::is_final(status_))
            tell(*order_.status_callback, *std::exchange(held_back_, std::nullopt));
    });
}

void OrderedCall::tell(const WebAddress& where, const encoding::FormFields& fields, std::function<void()> heard) {
    reports_.push_back(std::make_unique<DocumentFetch>(
        exchange_.loop, exchange_.client,
        webhook_request(order_.plan.caller, "POST", where, order_.plan.route, fields, exchange_.random),
        where.overrides, true, [heard = std::move(heard)](const std::expected<Twiml, Notice>&) {
            if (heard) heard();
        }));
}

}  // namespace simulator
