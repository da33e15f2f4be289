#include "gateway/shared_places.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace gateway {

namespace {

constexpr std::size_t calls_per_command = 500;

}  // namespace

SharedPlaces::SharedPlaces(net::EventLoop& loop, SharedStore& store, const LimitLedger& ledger, NumberPlaces& places,
                           const NumbersFile& numbers, std::chrono::milliseconds every)
    : loop_(loop),
      store_(store),
      ledger_(ledger),
      places_(places),
      numbers_(numbers),
      every_(every),
      next_(loop.timers(), [this] { renew(); }),
      mailbox_(std::make_shared<LoopMailbox>(loop)) {
    places_.when_freed([this, mailbox = mailbox_](const std::string& number, const std::string& call_sid) {
        if (!is_limited(number)) return;
        mailbox->post(
            [this, number, call_sid] { store_.tell(StoreUse::call_limits, ledger_.give_back(number, call_sid)); });
    });
    next_.arm(loop_.now() + every_);
}

SharedPlaces::~SharedPlaces() {
    places_.when_freed({});
    mailbox_->close();
}

void SharedPlaces::renew() {
    next_.arm(loop_.now() + every_);
    if (!store_.ready()) return;
    const auto limited = [this](const std::string& number) { return is_limited(number); };
    for (const auto& [number, call_sids] : places_.taken_at(limited, loop_.now())) {
        for (std::span<const std::string> left(call_sids); !left.empty();) {
            const auto some = left.first(std::min(left.size(), calls_per_command));
            store_.tell(StoreUse::call_limits, ledger_.renew(number, some));
            left = left.subspan(some.size());
        }
    }
}

bool SharedPlaces::is_limited(const std::string& number) const {
    return numbers_.settings_for(number)->calls_max > 0;
}

}  // namespace gateway
