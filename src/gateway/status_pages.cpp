#include "gateway/status_pages.hpp"

#include "gateway/gather.hpp"
#include "gateway/program_figures.hpp"
#include "gateway/softphone.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <map>

namespace gateway {

namespace json = boost::json;

namespace {

using CallerLevels = std::map<std::uint64_t, call::CallerLevel>;

http::Response connections_page(const std::vector<OpenStream>& streams, const CallerLevels& levels) {
    json::array open;
    for (const OpenStream& stream : streams) {
        json::object& entry = open.emplace_back(json::object{}).as_object();
        entry["connection_id"] = std::to_string(stream.connection_id);
        entry["call_sid"] = stream.call_sid;
        entry["stream_sid"] = stream.stream_sid;
        entry["connected_at"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                            fmt::gmtime(std::chrono::system_clock::to_time_t(stream.connected_at)));
        if (const auto level = levels.find(stream.connection_id); level != levels.end()) {
            entry["caller_level"] =
                json::object{{"rms_dbfs", level->second.rms_dbfs}, {"peak_dbfs", level->second.peak_dbfs}};
        }
    }
    return http::json(
        json::serialize(json::object{{"active_connections", open.size()}, {"connections", std::move(open)}}));
}

}  // namespace

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

void connections(LoopServices& home, const std::shared_ptr<net::Exchange>& exchange) {
    using Callers = std::vector<HeardCaller>;
    const auto look = [](const LoopServices& loop) { return loop.heard_callers(); };
    Gathering<Callers>::begin(home, look, [&home, exchange](const std::vector<Callers>& loops) {
        CallerLevels levels;
        for (const Callers& loop : loops)
            for (const HeardCaller& caller : loop) levels.emplace(caller.connection_id, caller.level);
        exchange->answer(connections_page(home.switchboard.directory.streams(), levels));
    });
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
        {"caller_levels", options.session.caller_audio == call::CallerAudio::level},
    };
}

}  // namespace gateway
