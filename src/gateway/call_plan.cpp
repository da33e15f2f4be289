#include "gateway/call_plan.hpp"

#include "call/greeting.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gateway {

namespace {

call::CallPlan plan(const Options& options, const call::GreetingValues& values,
                    std::optional<std::string_view> voice_id) {
    call::CallPlan plan;
    plan.speech.text = Secret(call::fill_greeting(options.greeting, values));
    plan.speech.voice = options.voice;
    plan.after_speech = options.after_speech;
    if (voice_id && is_voice_id(*voice_id)) {
        plan.speech.voice.id = *voice_id;
    } else if (voice_id && !voice_id->empty()) {
        spdlog::warn("voice_id is not a voice id, using the default voice length={}", voice_id->size());
    }
    return plan;
}

}  // namespace

bool is_voice_id(std::string_view id) {
    constexpr std::size_t voice_id_characters_max = 64;  // ElevenLabs' have 20
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    };
    return !id.empty() && id.size() <= voice_id_characters_max && std::ranges::all_of(id, allowed);
}

call::CallPlan plan_for_webhook(const Options& options, const encoding::FormFields& fields,
                                const encoding::FormFields& query) {
    call::GreetingValues values;
    const auto add = [&](const char* name, const char* field) {
        values.emplace_back(name, encoding::find(fields, field).value_or(""));
    };
    add("from", "From");
    add("to", "To");
    add("call_sid", "CallSid");
    values.insert(values.end(), query.begin(), query.end());
    return plan(options, values, encoding::find(query, "voice_id"));
}

call::CallPlan plan_for_stream(const Options& options, const twilio::Started& started) {
    call::GreetingValues values{{"call_sid", started.call_sid}};
    values.insert(values.end(), started.custom_parameters.begin(), started.custom_parameters.end());
    return plan(options, values, encoding::find(started.custom_parameters, "voice_id"));
}

}  // namespace gateway
