#include "gateway/shared_speech.hpp"

#include "gateway/plan_record.hpp"

#include <span>
#include <utility>

namespace gateway {

namespace {

std::string rest_key(const std::string& call_sid) {
    return "mouthpiece:rest:" + call_sid;
}
std::string planned_key(const std::string& name) {
    return "mouthpiece:planned:" + name;
}

}  // namespace

SharedSpeech::SharedSpeech(net::EventLoop& loop, SharedStore* store, Seal& seal, Options options)
    : loop_(loop), store_(store), seal_(seal), options_(options) {}

void SharedSpeech::keep_rest(const std::string& call_sid, const call::CallPlan& rest, std::chrono::seconds life) {
    if (shares()) keep(rest_key(call_sid), rest, life);
}

void SharedSpeech::keep_end(const std::string& call_sid, std::chrono::seconds life) {
    keep_rest(call_sid, {.after_speech = call::AfterSpeech::hang_up}, life);
}

void SharedSpeech::forget_rest(const std::string& call_sid) {
    if (shares()) store_->tell(StoreUse::speech_store, {"DEL", rest_key(call_sid)});
}

void SharedSpeech::keep_planned(const std::string& name, const call::CallPlan& plan) {
    if (shares()) keep(planned_key(name), plan, options_.planned_life);
}

// The key is the seal's subject: a record serves in its own place only.
void SharedSpeech::keep(const std::string& key, const call::CallPlan& plan, std::chrono::seconds life) {
    const std::string record = write_plan(plan);
    if (record.size() > options_.record_bytes_max) {
        loop_.limits().reached(Limit::shared_speech);
        return store_->tell(StoreUse::speech_store, {"DEL", key});  // what stands there is not true any more
    }
    const auto sealed = seal_.close(key, record);
    const std::string_view value(reinterpret_cast<const char*>(sealed.data()), sealed.size());
    store_->tell(StoreUse::speech_store, {"SET", key, value, "EX", std::to_string(life.count())});
}

std::optional<call::CallPlan> SharedSpeech::plan_in(const std::string& key, const net::RedisValue& value) {
    if (value.kind != net::RedisValue::Kind::text) return std::nullopt;
    const auto record = seal_.open(key, std::as_bytes(std::span(value.text)));
    return record ? read_plan(*record) : std::nullopt;
}

SharedStore::Command SharedSpeech::find(const std::string& call_sid, const std::string& plan_name, Answered answered) {
    if (!shares()) {
        answered({});
        return {};
    }
    const std::string rest = rest_key(call_sid), planned = planned_key(plan_name);
    return store_->ask(
        StoreUse::speech_lookup, {"MGET", rest, planned}, options_.answer_max,
        [this, rest, planned, answered = std::move(answered)](const net::RedisResult& result) {
            if (!result || result->list.size() != 2) return answered({});
            answered({.rest = plan_in(rest, result->list[0]), .planned = plan_in(planned, result->list[1])});
        });
}

void SharedSpeech::look_up(const std::string& call_sid, const std::string& plan_name, Answered answered) {
    if (!shares()) return answered({});
    const std::uint64_t number = ++serial_;
    asked_[number] = find(call_sid, plan_name, [this, number, answered = std::move(answered)](Known known) {
        asked_.erase(number);  // whoever calls us keeps us till we return
        answered(std::move(known));
    });
}

}  // namespace gateway
