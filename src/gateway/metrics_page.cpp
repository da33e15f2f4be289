#include "gateway/metrics_page.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

namespace gateway {

namespace {

using Circuits = std::vector<speech::SpeechChain::Circuit>;

struct Sample {
    std::string labels;
    std::uint64_t value;
};

std::string family(std::string_view name, std::string_view type, std::string_view help,
                   const std::vector<Sample>& samples) {
    std::string text = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    for (const Sample& sample : samples) text += fmt::format("{}{} {}\n", name, sample.labels, sample.value);
    return text;
}

constexpr std::string_view memory_label = R"({store="memory"})", disk_label = R"({store="disk"})";

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

std::string render_circuits(const std::vector<Circuits>& loops) {
    std::map<std::string, std::uint64_t> counts;  // by labels; states that no loop is in are rendered as 0
    for (const Circuits& circuits : loops) {
        for (const auto& circuit : circuits) {
            using enum speech::Breaker::State;
            for (const auto state : {closed, open, half_open}) {
                counts[fmt::format(R"({{source="{}",state="{}"}})", circuit.rung, name_of(state))] +=
                    state == circuit.state;
            }
        }
    }
    if (counts.empty()) return {};
    std::vector<Sample> samples;
    samples.reserve(counts.size());
    for (const auto& [labels, count] : counts) samples.push_back({labels, count});
    return family("mouthpiece_circuits", "gauge", "Event loops whose circuit to a source of speech is in a state.",
                  samples);
}

// One request for the metrics, owned by the loop that got it.
class Gathering {
public:
    Gathering(LoopServices& home, std::shared_ptr<net::Exchange> exchange)
        : home_(home), exchange_(std::move(exchange)) {}

    void add(Circuits circuits) {
        told_.push_back(std::move(circuits));
        if (told_.size() < home_.switchboard.loops.size()) return;
        const Switchboard& all = home_.switchboard;
        exchange_->answer(
            {.status = 200,
             .content_type = "text/plain; version=0.0.4; charset=utf-8",
             .body = all.metrics.render() + render_cache(all.memory, all.clip_files.get()) + render_circuits(told_),
             .headers = {}});
        home_.events.let_go(this);
    }

private:
    LoopServices& home_;
    std::shared_ptr<net::Exchange> exchange_;
    std::vector<Circuits> told_;
};

}  // namespace

std::string render_cache(const speech::ClipMemory& memory, const ClipFiles* files) {
    const auto ram = memory.figures();
    const auto disk = files != nullptr ? files->figures() : ClipFiles::Figures{};
    const auto both = [&](std::uint64_t in_memory, std::uint64_t on_disk) {
        std::vector<Sample> samples{{std::string(memory_label), in_memory}};
        if (files != nullptr) samples.push_back({std::string(disk_label), on_disk});
        return samples;
    };
    std::string text;
    text += family("mouthpiece_cache_hits_total", "counter", "Sentences found in the cache.",
                   both(ram.hits, disk.directory.hits));
    text += family("mouthpiece_cache_misses_total", "counter", "Sentences looked for and not found.",
                   both(ram.misses, disk.directory.misses));
    text += family("mouthpiece_cache_stored_total", "counter", "Sentences put into the cache.",
                   both(ram.stored, disk.directory.stored));
    text += family("mouthpiece_cache_evicted_total", "counter", "Sentences dropped because the cache was full.",
                   both(ram.evicted, disk.directory.evicted));
    text += family("mouthpiece_cache_bytes", "gauge", "Size of what is in the cache.",
                   both(ram.bytes, disk.directory.bytes));
    text += family("mouthpiece_cache_clips", "gauge", "Sentences in the cache.", both(ram.clips, disk.directory.files));
    if (files == nullptr) return text;
    const std::string label(disk_label);
    text += family("mouthpiece_cache_damaged_total", "counter", "Files dropped because something in them was wrong.",
                   {{label, disk.directory.damaged}});
    text += family("mouthpiece_cache_not_stored_total", "counter", "Sentences the disk would not take.",
                   {{label, disk.directory.not_stored}});
    text += family("mouthpiece_cache_passed_over_total", "counter", "Lookups and stores there was no room to wait for.",
                   {{label, disk.passed_over}});
    return text;
}

void metrics(LoopServices& home, const std::shared_ptr<net::Exchange>& exchange) {
    const auto gathering = std::make_shared<Gathering>(home, exchange);
    home.events.keep(gathering);
    for (const auto& loop : home.switchboard.loops) {
        loop->events.post([&told_by = *loop, &home, asker = std::weak_ptr(gathering)] {
            if (asker.expired()) return;  // loops are taken down one by one, and that one may be gone
            home.events.post([asker, circuits = told_by.speech.chain().circuits()] {
                if (const auto waiting = asker.lock()) waiting->add(circuits);
            });
        });
    }
}

}  // namespace gateway
