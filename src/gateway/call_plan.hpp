#pragma once
// What a call is to hear: the greeting's text and voice, from the configuration, the webhook and the stream's
// parameters.

#include "call/stream_session.hpp"
#include "encoding/form.hpp"
#include "gateway/options.hpp"
#include "twilio/stream_message.hpp"

#include <string>
#include <string_view>

namespace gateway {

// True for a voice id that may go into a request to ElevenLabs: 1 to 64 letters and digits, '-' and '_'.
bool is_voice_id(std::string_view id);

// For a call the webhook announces. `fields` are Twilio's parameters, `query` ours from the webhook URL: `voice_id`,
// and any other name to fill {name} in the greeting.
call::CallPlan plan_for_webhook(const Options& options, const encoding::FormFields& fields,
                                const encoding::FormFields& query);

// For a stream that came without our webhook (somebody's own TwiML, or the specification's test): its custom parameters
// decide.
call::CallPlan plan_for_stream(const Options& options, const twilio::Started& started);

}  // namespace gateway
