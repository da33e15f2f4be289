#include "gateway/cache_pages.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

namespace gateway {

namespace json = boost::json;

namespace {

json::object caches(const Switchboard& switchboard) {
    const auto memory = switchboard.memory.figures();
    json::object all{{"memory", json::object{{"hits", memory.hits},
                                             {"misses", memory.misses},
                                             {"stored", memory.stored},
                                             {"evicted", memory.evicted},
                                             {"bytes", memory.bytes},
                                             {"clips", memory.clips}}},
                     {"disk", nullptr}};
    if (switchboard.store_record) {
        const SharedClipCounts& shared = switchboard.shared_clips;
        all["redis"] = json::object{{"hits", shared.hits.load()},       {"misses", shared.misses.load()},
                                    {"stored", shared.stored.load()},   {"awaited", shared.awaited.load()},
                                    {"damaged", shared.damaged.load()}, {"not_stored", shared.not_stored.load()}};
    }
    if (!switchboard.clip_files) return all;
    const auto disk = switchboard.clip_files->figures();
    all["disk"] = json::object{{"hits", disk.directory.hits},       {"misses", disk.directory.misses},
                               {"stored", disk.directory.stored},   {"evicted", disk.directory.evicted},
                               {"damaged", disk.directory.damaged}, {"not_stored", disk.directory.not_stored},
                               {"passed_over", disk.passed_over},   {"bytes", disk.directory.bytes},
                               {"clips", disk.directory.files}};
    return all;
}

}  // namespace

http::Response cache_figures(const Switchboard& switchboard) {
    return http::json(json::serialize(caches(switchboard)));
}

http::Response purge_cache(Switchboard& switchboard) {
    const json::object before = caches(switchboard);
    switchboard.memory.purge();
    if (switchboard.clip_files) switchboard.clip_files->purge();
    LoopServices& first = *switchboard.loops.front();
    first.events.post([&first] { first.speech.purge_shared_clips(); });
    spdlog::info("cache purged clips={}", before.at("memory").at("clips").to_number<std::size_t>());
    return http::json(json::serialize(before));
}

}  // namespace gateway
