#pragma once
// The news of calls, told by any loop: to who looks on (LiveFeed) as it is, to the EventOutbox as JSON. Built only when
// somebody wants to know.

#include "call/action.hpp"
#include "call/outcome.hpp"
#include "call/stream_session.hpp"
#include "twilio/call_status.hpp"

#include <boost/json/fwd.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway {

struct Switchboard;

class CallEvents {
public:
    explicit CallEvents(Switchboard& switchboard) : switchboard_(switchboard) {}

    // Of what is told to who looks on only: the call was announced, or is over and recorded.
    void changed(const std::string& call_sid);
    void started(const call::StreamSession& session);
    void utterance(const call::StreamSession& session, const call::UtteranceChange& change);
    void digit(const call::StreamSession& session, char digit);
    void ended(const call::StreamSession& session, call::Outcome outcome);
    void status(const std::string& call_sid, twilio::CallStatus status);

private:
    bool wanted(const std::string& call_sid);
    void publish(std::string_view type, const std::string& call_sid, const boost::json::object& more);

    Switchboard& switchboard_;
    std::atomic<std::uint64_t> last_number_{0};
};

}  // namespace gateway
