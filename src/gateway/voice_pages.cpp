#include "gateway/voice_pages.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"

#include <boost/json.hpp>

namespace gateway {

namespace json = boost::json;

namespace {}  // namespace

void list_voices(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange) {
    loop.voices.list([exchange](const VoiceList& list) {
        json::array voices;
        for (const auto& voice : list.voices) {
            voices.push_back(json::object{
                {"voice_id", voice.voice_id}, {"name", voice.name}, {"category", text_or_null(voice.category)}});
        }
        exchange->answer(json_page(
            200, {{"known", list.known}, {"reason", text_or_null(list.reason)}, {"voices", std::move(voices)}}));
    });
}

void show_voice(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange, const std::string& voice_id) {
    if (!is_voice_id(voice_id))
        return exchange->answer(http::error(422, "A voice id has letters, digits, '-' and '_', 64 at most."));
    loop.voices.find(voice_id, [exchange, voice_id](const VoiceVerdict& verdict) {
        exchange->answer(json_page(200, {{"voice_id", voice_id},
                                         {"validity", name_of(verdict.validity)},
                                         {"reason", text_or_null(verdict.reason)},
                                         {"name", text_or_null(verdict.voice.name)},
                                         {"category", text_or_null(verdict.voice.category)}}));
    });
}

}  // namespace gateway
