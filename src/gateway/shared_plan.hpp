#pragma once
// Shares ElevenLabs' plan with the other instances: asks the ledger in Redis on behalf of all loops, from the first
// one, and tells the slots what to go by. Not for each request: what is granted is used without asking.

#include "gateway/loop_mailbox.hpp"
#include "gateway/plan_ledger.hpp"
#include "gateway/shared_store.hpp"
#include "net/event_loop.hpp"
#include "speech/plan_share.hpp"
#include "speech/request_slots.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace gateway {

class SharedPlan {
public:
    struct Names {
        std::string ledger, instance;
    };
    // Read from any thread.
    struct Figures {
        std::atomic<std::size_t> granted{0}, wanted{0}, instances{0};
        std::atomic<std::uint64_t> lost{0};  // times that a grant ran out
    };
    SharedPlan(net::EventLoop& loop, SharedStore& store, speech::RequestSlots& slots, Names names)
        : SharedPlan(loop, store, slots, std::move(names), {}) {}
    SharedPlan(net::EventLoop& loop, SharedStore& store, speech::RequestSlots& slots, Names names,
               speech::PlanShare::Options options);
    ~SharedPlan();
    SharedPlan(const SharedPlan&) = delete;
    SharedPlan& operator=(const SharedPlan&) = delete;

    const Figures& figures() const { return figures_; }

private:
    void ask_soon();
    void ask();
    void answered(const net::RedisResult& result, net::Instant asked);
    void tell();
    void log_change(speech::PlanShare::Standing now);

    net::EventLoop& loop_;
    SharedStore& store_;
    speech::RequestSlots& slots_;
    const Names names_;
    speech::PlanShare share_;
    Figures figures_;
    speech::PlanShare::Standing told_ = speech::PlanShare::Standing::alone;
    SharedStore::Command asking_;
    net::Instant asked_{};
    net::Timer next_, change_;
    const std::shared_ptr<LoopMailbox> mailbox_;
};

}  // namespace gateway
