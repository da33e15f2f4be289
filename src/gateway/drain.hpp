#pragma once
// How a server stops without hanging up on anybody. The first signal: not ready any more, no new calls (or what
// Options::drain_policy says), while running ones go on; listening stays as it is, because streams of calls that were
// answered before, and Twilio's questions about calls that end, still come. When the last call is over the door is
// closed, and answers and close frames under way get a moment to arrive. The second signal ends the calls at once.

#include "gateway/loop_services.hpp"
#include "net/http_server.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gateway {

class Drain {
public:
    using Servers = std::vector<std::unique_ptr<net::HttpServer>>;  // one a loop, in the order of the loops

    // Lives on the first loop. `done` is called once, there.
    Drain(Switchboard& switchboard, const Servers& servers, std::function<void()> done);

    void signal();

private:
    void begin();
    void check();
    void end_calls();
    void say_farewell();
    void ask_whether_quiet();
    void hear(bool quiet);
    void finish();
    std::size_t calls() const;  // running, about to begin, and those about whose end Twilio has yet to ask

    Switchboard& switchboard_;
    const Servers& servers_;
    std::function<void()> done_;
    net::EventLoop& loop_;
    net::Timer next_;
    net::Instant ends_{}, next_report_{};
    std::optional<net::Instant> quiet_since_;  // no call is left
    bool ending_ = false, saying_farewell_ = false;
    std::size_t answers_ = 0, quiet_ = 0;  // of the loops, to the question whether they are
};

}  // namespace gateway
