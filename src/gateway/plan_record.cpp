#include "gateway/plan_record.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

json::object passage_record(const call::Passage& passage) {
    const speech::Voice& voice = passage.speech.voice;
    return {{"text", passage.speech.text.reveal()},
            {"heard", passage.heard_bytes},
            {"id", voice.id},
            {"model", voice.model},
            {"language", voice.language},
            {"stability", voice.settings.stability},
            {"similarity_boost", voice.settings.similarity_boost},
            {"style", voice.settings.style},
            {"use_speaker_boost", voice.settings.use_speaker_boost},
            {"speed", voice.settings.speed}};
}

std::string text_at(const json::object& record, std::string_view name) {
    return std::string(record.at(name).as_string());
}
double number_at(const json::object& record, std::string_view name) {
    return record.at(name).to_number<double>();
}

// Throws what json throws where a field is missing or another one.
call::Passage passage_in(const json::object& record) {
    call::Passage passage;
    passage.speech.text = Secret(text_at(record, "text"));
    passage.heard_bytes = record.at("heard").to_number<std::size_t>();
    speech::Voice& voice = passage.speech.voice;
    voice.id = text_at(record, "id");
    voice.model = text_at(record, "model");
    voice.language = text_at(record, "language");
    voice.settings = {.stability = number_at(record, "stability"),
                      .similarity_boost = number_at(record, "similarity_boost"),
                      .style = number_at(record, "style"),
                      .use_speaker_boost = record.at("use_speaker_boost").as_bool(),
                      .speed = number_at(record, "speed")};
    return passage;
}

call::CallPlan plan_in(const json::object& record) {
    call::CallPlan plan;
    plan.after_speech =
        record.at("after").as_string() == "hangup" ? call::AfterSpeech::hang_up : call::AfterSpeech::stay;
    plan.record = record.at("record").as_bool();
    if (const json::value& at_most = record.at("at_most_ms"); !at_most.is_null())
        plan.call_duration_max = std::chrono::milliseconds(at_most.to_number<std::int64_t>());
    for (const json::value& passage : record.at("say").as_array()) plan.then.push_back(passage_in(passage.as_object()));
    call::Passage message = std::move(plan.then.at(0));
    plan.then.erase(plan.then.begin());
    plan.speech = std::move(message.speech);
    plan.heard_bytes = message.heard_bytes;
    return plan;
}

bool reaches_beyond(const call::Passage& passage) {
    return passage.heard_bytes > passage.speech.text.reveal().size();
}

}  // namespace

std::string write_plan(const call::CallPlan& plan) {
    json::array say{passage_record(plan.message())};
    for (const call::Passage& passage : plan.then) say.push_back(passage_record(passage));
    const auto& at_most = plan.call_duration_max;
    return json::serialize(
        json::object{{"after", plan.after_speech == call::AfterSpeech::hang_up ? "hangup" : "stay"},
                     {"record", plan.record},
                     {"at_most_ms", at_most ? json::value(std::int64_t{at_most->count()}) : json::value(nullptr)},
                     {"say", std::move(say)}});
}

std::optional<call::CallPlan> read_plan(std::string_view record) {
    try {
        auto plan = plan_in(json::parse(record).as_object());
        if (reaches_beyond(plan.message()) || std::ranges::any_of(plan.then, reaches_beyond)) return std::nullopt;
        return plan;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace gateway
