#include "gateway/metrics_page.hpp"

#include "call/metric_family.hpp"
#include "gateway/gather.hpp"
#include "gateway/limit_metrics.hpp"
#include "gateway/program_figures.hpp"

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace gateway {

using call::MetricFamily;

namespace {

// What only the loop itself may look at.
struct LoopFigures {
    std::vector<speech::SpeechChain::Circuit> circuits;
    speech::Governor::Figures budget;
};

const char* name_of(speech::Breaker::State state) {
    switch (state) {
        case speech::Breaker::State::open:
            return "open";
        case speech::Breaker::State::half_open:
            return "half_open";
        case speech::Breaker::State::closed:
            break;
    }
    return "closed";
}

LoopFigures figures_of(const LoopServices& loop) {
    return {loop.speech.chain().circuits(), loop.speech.budget()};
}

void render_circuits(std::string& text, const std::vector<LoopFigures>& loops) {
    using enum speech::Breaker::State;
    constexpr auto states = std::to_array({closed, open, half_open});
    // Event loops by source and state; states that no loop is in are rendered as 0.
    std::map<std::string, std::map<speech::Breaker::State, std::uint64_t>> counts;
    for (const LoopFigures& loop : loops) {
        for (const auto& circuit : loop.circuits) ++counts[circuit.rung][circuit.state];
    }
    MetricFamily family(text, "mouthpiece_circuits", "gauge",
                        "Event loops whose circuit to a source of speech is in a state.");
    for (auto& [source, by_state] : counts) {
        for (const auto state : states) family.sample(by_state[state], {{"source", source}, {"state", name_of(state)}});
    }
}

void render_budget(std::string& text, const speech::RequestSlots::Figures& slots,
                   const std::vector<LoopFigures>& loops) {
    speech::Governor::Figures all;
    for (const LoopFigures& loop : loops) {
        all.refused += loop.budget.refused;
        all.characters += loop.budget.characters;
    }
    MetricFamily(text, "mouthpiece_elevenlabs_requests_active", "gauge", "Requests that have a slot of the plan now.")
        .sample(slots.in_flight);
    MetricFamily(text, "mouthpiece_elevenlabs_requests_waiting", "gauge", "Requests waiting for a slot.")
        .sample(slots.waiting);
    MetricFamily(text, "mouthpiece_elevenlabs_requests_limit", "gauge", "Slots of the plan; 0 until it is known.")
        .sample(slots.limit);
    MetricFamily(text, "mouthpiece_elevenlabs_requests_turned_away_total", "counter",
                 "Requests for which there was no room to wait.")
        .sample(all.refused);
    MetricFamily(text, "mouthpiece_elevenlabs_characters_total", "counter", "Characters of texts that audio came for.")
        .sample(all.characters);
}

// How this server fares among those that share the plan.
void render_shared_plan(std::string& text, const SharedPlan::Figures& plan) {
    MetricFamily(text, "mouthpiece_elevenlabs_share_granted", "gauge",
                 "Slots of the plan that are granted to this server.")
        .sample(std::uint64_t{plan.granted});
    MetricFamily(text, "mouthpiece_elevenlabs_share_wanted", "gauge", "Slots of the plan that this server asks for.")
        .sample(std::uint64_t{plan.wanted});
    MetricFamily(text, "mouthpiece_elevenlabs_share_servers", "gauge",
                 "Servers that share the plan, this one included.")
        .sample(std::uint64_t{plan.instances});
    MetricFamily(text, "mouthpiece_elevenlabs_share_lost_total", "counter",
                 "Times that no grant was to be had, and the plan was divided instead.")
        .sample(std::uint64_t{plan.lost});
}

std::string render(const Switchboard& all, const std::vector<LoopFigures>& loops) {
    std::string text = all.metrics.render();
    MetricFamily(text, "mouthpiece_websocket_connections_limit", "gauge", "Media Streams that may be open at once.")
        .sample(all.options.calls_max);
    MetricFamily(text, "mouthpiece_draining", "gauge", "1 while the server finishes its calls and takes no new ones.")
        .sample(std::uint64_t{all.draining});
    render_circuits(text, loops);
    render_budget(text, all.slots.figures(net::Clock::now()), loops);
    if (all.plan) render_shared_plan(text, all.plan->figures());
    render_limits(text, all);
    if (!all.numbers.path().empty()) text += render_numbers(all.numbers);
    if (all.recorder) text += render_recordings(*all.recorder);
    if (all.certificate) text += render_certificate(*all.certificate);
    if (all.store_record) text += all.store_record->render();
    if (all.orders) text += all.orders->render();
    return text + render_cache(all.memory, all.clip_files.get(), all.store_record ? &all.shared_clips : nullptr) +
           render_program();
}

}  // namespace

std::string render_cache(const speech::ClipMemory& memory, const ClipFiles* files, const SharedClipCounts* shared) {
    const auto ram = memory.figures();
    const auto disk = files != nullptr ? files->figures() : ClipFiles::Figures{};
    std::string text;
    const auto write = [&](std::string_view name, std::string_view type, std::string_view help,
                           std::optional<std::uint64_t> in_memory, std::optional<std::uint64_t> on_disk,
                           std::optional<std::uint64_t> in_redis = {}) {
        if (files == nullptr) on_disk.reset();
        if (shared == nullptr) in_redis.reset();
        if (!in_memory && !on_disk && !in_redis) return;
        MetricFamily family(text, name, type, help);
        if (in_memory) family.sample(*in_memory, {{"store", "memory"}});
        if (on_disk) family.sample(*on_disk, {{"store", "disk"}});
        if (in_redis) family.sample(*in_redis, {{"store", "redis"}});
    };
    static const SharedClipCounts none;
    const SharedClipCounts& redis = shared != nullptr ? *shared : none;
    const auto& kept = disk.directory;
    write("mouthpiece_cache_hits_total", "counter", "Sentences found in the cache.", ram.hits, kept.hits, redis.hits);
    write("mouthpiece_cache_misses_total", "counter", "Sentences looked for and not found.", ram.misses, kept.misses,
          redis.misses);
    write("mouthpiece_cache_stored_total", "counter", "Sentences put into the cache.", ram.stored, kept.stored,
          redis.stored);
    write("mouthpiece_cache_evicted_total", "counter", "Sentences dropped because the cache was full.", ram.evicted,
          kept.evicted);
    write("mouthpiece_cache_bytes", "gauge", "Size of what is in the cache.", ram.bytes, kept.bytes);
    write("mouthpiece_cache_clips", "gauge", "Sentences in the cache.", ram.clips, kept.files);
    write("mouthpiece_cache_damaged_total", "counter", "Clips not believed because something in them was wrong.", {},
          kept.damaged, redis.damaged);
    write("mouthpiece_cache_not_stored_total", "counter", "Sentences the store would not take.", {}, kept.not_stored,
          redis.not_stored);
    write("mouthpiece_cache_awaited_total", "counter", "Sentences found that another server was just making.", {}, {},
          redis.awaited);
    write("mouthpiece_cache_passed_over_total", "counter", "Lookups and stores there was no room to wait for.", {},
          disk.passed_over);
    return text;
}

std::string render_certificate(const Certificate& certificate) {
    std::string text;
    MetricFamily(text, "mouthpiece_tls_certificate_expiry_timestamp_seconds", "gauge",
                 "Unix time at which the first certificate of our chain expires.")
        .sample(static_cast<std::uint64_t>(certificate.expires().time_since_epoch().count()));
    MetricFamily reads(text, "mouthpiece_tls_certificate_reads_total", "counter",
                       "Changes of our certificate's files, by what became of them.");
    reads.sample(certificate.renewed(), {{"result", "renewed"}});
    reads.sample(certificate.refused(), {{"result", "refused"}});
    return text;
}

std::string render_recordings(const Recorder& recorder) {
    const auto figures = recorder.figures();
    std::string text;
    MetricFamily(text, "mouthpiece_recordings_active", "gauge", "Calls being recorded now.").sample(figures.active);
    MetricFamily ended(text, "mouthpiece_recordings_total", "counter", "Recordings ended, by what there is of them.");
    ended.sample(figures.whole, {{"result", "whole"}});
    ended.sample(figures.cut, {{"result", "cut"}});
    ended.sample(figures.failed, {{"result", "failed"}});
    MetricFamily dropped(text, "mouthpiece_recording_frames_dropped_total", "counter",
                         "Samples of each side that are missing in recordings, by why.");
    dropped.sample(figures.frames_dropped_in_queue, {{"reason", "queue_full"}});
    dropped.sample(figures.frames_dropped_by_disk, {{"reason", "disk"}});
    dropped.sample(figures.frames_misplaced, {{"reason", "misplaced"}});
    MetricFamily removed(text, "mouthpiece_recordings_removed_total", "counter", "Recordings removed, by why.");
    removed.sample(figures.directory.removed_for_room, {{"reason", "room"}});
    removed.sample(figures.directory.removed_by_age, {{"reason", "age"}});
    removed.sample(figures.directory.removed_by_request, {{"reason", "request"}});
    MetricFamily(text, "mouthpiece_recordings_stored", "gauge", "Recordings on disk.").sample(figures.directory.files);
    MetricFamily(text, "mouthpiece_recordings_bytes", "gauge", "Size of the recordings on disk.")
        .sample(figures.directory.bytes);
    MetricFamily(text, "mouthpiece_recordings_bytes_limit", "gauge", "How much there may be (RECORDINGS_MB).")
        .sample(recorder.kept().bytes_max);
    return text;
}

std::string render_numbers(const NumbersFile& numbers) {
    std::string text;
    MetricFamily(text, "mouthpiece_number_rules", "gauge", "Rules of NUMBERS_FILE in use.")
        .sample(std::uint64_t{numbers.rules()->all().size()});
    MetricFamily reads(text, "mouthpiece_numbers_file_reads_total", "counter",
                       "Times NUMBERS_FILE was read while the server ran, by what became of it.");
    reads.sample(numbers.renewed(), {{"result", "renewed"}});
    reads.sample(numbers.refused(), {{"result", "refused"}});
    return text;
}

void metrics(LoopServices& home, const std::shared_ptr<net::Exchange>& exchange) {
    Gathering<LoopFigures>::begin(home, figures_of, [&home, exchange](const std::vector<LoopFigures>& loops) {
        exchange->answer({.status = 200,
                          .content_type = "text/plain; version=0.0.4; charset=utf-8",
                          .body = render(home.switchboard, loops),
                          .headers = {}});
    });
}

}  // namespace gateway
