#include "simulator/standin_multi_socket.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <utility>

namespace simulator {

namespace {

std::string context_settings(const boost::json::object& message) {
    std::string settings;
    for (const char* name : {"voice_settings", "generation_config"}) {
        const auto* value = message.if_contains(name);
        if (value != nullptr && !value->is_null()) settings += boost::json::serialize(*value);
    }
    return settings;
}

}  // namespace

void StandinMultiSocket::on_message(const Message& message) {
    if (true_in(message, "close_socket")) {
        closing_ = true;
        if (contexts_.empty()) return close_later(websocket::close_code::normal, "", std::chrono::milliseconds(0));
        for (auto entry = contexts_.begin(); entry != contexts_.end();)
            (entry++)->second.context->close();  // finished() may erase it
        return;
    }
    const std::string id(text_in(message, "context_id").value_or(""));
    if (true_in(message, "close_context")) {
        if (const auto found = contexts_.find(id); found != contexts_.end()) found->second.context->close();
        return;
    }
    const auto text = text_in(message, "text");
    const bool flush = true_in(message, "flush");
    if (!text && !flush) return refuse("invalid_message", "text: Field required");
    if (Entry* entry = find_or_create(id, message)) entry->context->add(text.value_or(""), flush);
}

StandinMultiSocket::Entry* StandinMultiSocket::find_or_create(const std::string& id, const Message& message) {
    const std::string settings = context_settings(message);
    if (const auto found = contexts_.find(id); found != contexts_.end()) {
        if (settings.empty() || settings == found->second.settings) return &found->second;
        refuse("invalid_message",
               "voice_settings field must be provided in the first message and then either be not provided or not "
               "change.");
        return nullptr;
    }
    if (contexts_.size() == contexts_max) {
        refuse("max_active_conversations", fmt::format("Maximum simultaneous contexts per WebSocket connection "
                                                       "exceeded ({}). Please close an existing context "
                                                       "before opening a new one.",
                                                       contexts_max));
        return nullptr;
    }
    Entry& entry = contexts_[id];
    entry = {new_context(id), settings};
    return configure(*entry.context, message) ? &entry : nullptr;
}

void StandinMultiSocket::finished(StandinContext& context) {
    loop().retire(std::move(contexts_.extract(context.id()).mapped().context));
    if (closing_ && contexts_.empty()) close_later(websocket::close_code::normal, "", std::chrono::milliseconds(0));
}

}  // namespace simulator
