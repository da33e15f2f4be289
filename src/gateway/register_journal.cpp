#include "gateway/register_journal.hpp"

#include <utility>

namespace gateway {

void RegisterJournal::follow(std::function<void()> wake) {
    wake_ = std::move(wake);
}

void RegisterJournal::note(const std::string& call_sid, std::optional<Instant> open_since) {
    if (!wake_) return;
    const bool first = kept_.changes.empty() && !kept_.some_lost;
    if (kept_.changes.size() < changes_max_ || kept_.changes.contains(call_sid)) {
        kept_.changes.insert_or_assign(call_sid, open_since);
    } else {
        kept_.some_lost = true;
    }
    if (first) wake_();
}

RegisterJournal::Taken RegisterJournal::take() {
    return std::exchange(kept_, {});
}

}  // namespace gateway
