#pragma once
// Which streams have opened and ended since somebody last took note: what is to be told to other servers. Guarded by
// its owner (CallRegister).

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace gateway {

class RegisterJournal {
public:
    using Instant = std::chrono::steady_clock::time_point;
    // CallSid -> since when its stream is open; nullopt: it has ended.
    using Changes = std::unordered_map<std::string, std::optional<Instant>>;
    struct Taken {
        Changes changes{};
        bool some_lost = false;  // there were too many: only the whole register tells
    };
    explicit RegisterJournal(std::size_t changes_max = 20'000) : changes_max_(changes_max) {}

    // `wake` is called at the first change after each take(), from whatever thread makes it; it only leaves word.
    void follow(std::function<void()> wake);
    void note(const std::string& call_sid, std::optional<Instant> open_since);
    Taken take();

private:
    const std::size_t changes_max_;
    std::function<void()> wake_;  // null: nobody follows, and nothing is kept
    Taken kept_;
};

}  // namespace gateway
