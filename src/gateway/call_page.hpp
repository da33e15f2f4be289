#pragma once
// A call as JSON, for the API.

#include "call/stream_session.hpp"
#include "gateway/call_register.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <vector>

namespace gateway {

// A moment of the steady clock as ISO 8601 in UTC with milliseconds; `now` is the present one.
std::string wall_time(Instant when, Instant now);

boost::json::object utterance_page(const call::UtteranceRecord& utterance, Instant now);
// What only the open stream of the call knows.
void add_stream(CallRecord& call, const call::StreamSession& session);

boost::json::object call_summary(const CallRecord& call, Instant now);
// The summary, how it goes, and what is being said: a row of the console's list.
boost::json::object call_row(const CallRecord& call, Instant now);
// The summary, what was said and heard, and the timeline.
boost::json::object call_page(const CallRecord& call, Instant now);

}  // namespace gateway
