#include "gateway/call_plan.hpp"

#include "call/greeting.hpp"

#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

namespace gateway {

namespace {

call::CallPlan plan(const numbers::CallSettings& settings, const call::GreetingValues& values,
                    std::optional<std::string_view> voice_id) {
    call::CallPlan plan;
    plan.speech.text = Secret(call::fill_greeting(settings.greeting, values));
    plan.speech.voice = settings.voice;
    plan.after_speech = settings.after_speech;
    plan.record = settings.record;
    plan.call_duration_max = settings.call_duration_max;
    if (voice_id && is_voice_id(*voice_id)) {
        plan.speech.voice.id = *voice_id;
    } else if (voice_id && !voice_id->empty()) {
        spdlog::warn("voice_id is not a voice id, using the default voice length={}", voice_id->size());
    }
    return plan;
}

}  // namespace

numbers::CallSettings call_settings(const Options& options) {
    return {.greeting = options.greeting,
            .voice = options.voice,
            .after_speech = options.after_speech,
            .call_duration_max = options.session.call_duration_max,
            .busy_text = options.busy_text,
            .record = options.record};
}

std::string_view our_number(const encoding::FormFields& fields) {
    const bool we_call = encoding::find(fields, "Direction").value_or("").starts_with("outbound");
    return encoding::find(fields, we_call ? "From" : "To").value_or("");
}

call::CallPlan plan_for_webhook(const numbers::CallSettings& settings, const encoding::FormFields& fields,
                                const encoding::FormFields& query) {
    call::GreetingValues values;
    const auto add = [&](const char* name, const char* field) {
        values.emplace_back(name, encoding::find(fields, field).value_or(""));
    };
    add("from", "From");
    add("to", "To");
    add("call_sid", "CallSid");
    values.insert(values.end(), query.begin(), query.end());
    return plan(settings, values, encoding::find(query, "voice_id"));
}

call::CallPlan plan_for_stream(const numbers::CallSettings& settings, const twilio::Started& started) {
    call::GreetingValues values{{"call_sid", started.call_sid}};
    values.insert(values.end(), started.custom_parameters.begin(), started.custom_parameters.end());
    return plan(settings, values, encoding::find(started.custom_parameters, "voice_id"));
}

}  // namespace gateway
