#include "gateway/status_pages.hpp"

#include "gateway/program_figures.hpp"
#include "gateway/softphone.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace gateway {

namespace json = boost::json;

http::Response health(const Switchboard& switchboard, bool known) {
    const bool configured = !switchboard.options.elevenlabs_key.empty();
    json::object page{
        {"status", switchboard.draining ? "draining" : "healthy"},
        {"message", configured ? "Mouthpiece answers calls with ElevenLabs voices."
                               : "Mouthpiece answers calls with its embedded voice: no ELEVEN_LABS_API_KEY is set."},
        {"elevenlabs_configured", configured},
        {"active_connections", switchboard.directory.stream_count()},
    };
    if (known) {
        page["instance"] = switchboard.instance;
        page["voice"] = configured ? "elevenlabs" : "embedded";
        page["signatures_checked"] = !switchboard.options.auth_token.empty();
    }
    return http::json(json::serialize(page));
}

http::Response readiness(const Switchboard& switchboard) {
    if (switchboard.draining)
        return http::error(503, "The server is draining: running calls finish, no new ones are taken.");
    return http::json(R"({"status":"ready"})");
}

http::Response connections(const Switchboard& switchboard) {
    json::array open;
    for (const OpenStream& stream : switchboard.directory.streams()) {
        open.push_back(json::object{
            {"connection_id", std::to_string(stream.connection_id)},
            {"call_sid", stream.call_sid},
            {"stream_sid", stream.stream_sid},
            {"connected_at", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                         fmt::gmtime(std::chrono::system_clock::to_time_t(stream.connected_at)))},
        });
    }
    return http::json(
        json::serialize(json::object{{"active_connections", open.size()}, {"connections", std::move(open)}}));
}

json::object server_page(const Switchboard& switchboard) {
    const Options& options = switchboard.options;
    return json::object{
        {"version", program_version()},
        {"instance", switchboard.instance},
        {"elevenlabs_configured", !options.elevenlabs_key.empty()},
        {"signatures_checked", !options.auth_token.empty()},
        {"voice_id", options.voice.id},
        {"softphone", softphone_is_on(options)},
    };
}

}  // namespace gateway
