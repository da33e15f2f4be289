#pragma once
// A call as JSON, for the API.

#include "gateway/call_register.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <vector>

namespace gateway {

// A moment of the steady clock as ISO 8601 in UTC with milliseconds; `now` is the present one.
std::string wall_time(Instant when, Instant now);

boost::json::object utterance_page(const call::UtteranceRecord& utterance, Instant now);
boost::json::object call_summary(const CallRecord& call, Instant now);
// The summary, and what was said and heard.
boost::json::object call_page(const CallRecord& call, Instant now);

}  // namespace gateway
