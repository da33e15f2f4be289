#pragma once
// What a call is to hear: the greeting's text and voice, from what its number gets, the webhook and the stream's
// parameters.

#include "call/stream_session.hpp"
#include "elevenlabs/voice_id.hpp"
#include "encoding/form.hpp"
#include "gateway/options.hpp"
#include "numbers/call_settings.hpp"
#include "twilio/stream_message.hpp"

#include <string>
#include <string_view>

namespace gateway {

using elevenlabs::is_voice_id;

// What the server's own settings give to every call.
numbers::CallSettings call_settings(const Options& options);

// Our number of a call, whoever dialled.
std::string_view our_number(const encoding::FormFields& fields);

// For a call the webhook announces. `fields` are Twilio's parameters, `query` ours from the webhook URL: `voice_id`,
// and any other name to fill {name} in the greeting.
call::CallPlan plan_for_webhook(const numbers::CallSettings& settings, const encoding::FormFields& fields,
                                const encoding::FormFields& query);

// For a stream that came without our webhook (somebody's own TwiML, or the specification's test): its custom parameters
// decide.
call::CallPlan plan_for_stream(const numbers::CallSettings& settings, const twilio::Started& started);

}  // namespace gateway
