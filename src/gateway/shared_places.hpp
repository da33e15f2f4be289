#pragma once
// Keeps the places that calls of this instance have at our numbers, where those are limited, in Redis for as long as
// the calls last. Another instance that takes a call over keeps its place on; those of one that dies end with their
// leases.

#include "gateway/limit_ledger.hpp"
#include "gateway/loop_mailbox.hpp"
#include "gateway/number_places.hpp"
#include "gateway/numbers_file.hpp"
#include "gateway/shared_store.hpp"
#include "net/event_loop.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace gateway {

class SharedPlaces {
public:
    static constexpr std::chrono::milliseconds renewed_every{2'500}, lease{10'000};

    SharedPlaces(net::EventLoop& loop, SharedStore& store, const LimitLedger& ledger, NumberPlaces& places,
                 const NumbersFile& numbers, std::chrono::milliseconds every = renewed_every);
    ~SharedPlaces();
    SharedPlaces(const SharedPlaces&) = delete;
    SharedPlaces& operator=(const SharedPlaces&) = delete;

private:
    void renew();
    bool is_limited(const std::string& number) const;

    net::EventLoop& loop_;
    SharedStore& store_;
    const LimitLedger& ledger_;
    NumberPlaces& places_;
    const NumbersFile& numbers_;
    const std::chrono::milliseconds every_;
    net::Timer next_;
    const std::shared_ptr<LoopMailbox> mailbox_;
};

}  // namespace gateway
