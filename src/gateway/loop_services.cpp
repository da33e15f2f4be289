#include "gateway/loop_services.hpp"

#include "gateway/media_stream.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace gateway {

namespace {

unsigned or_one_per_core(unsigned asked) {
    return asked != 0 ? asked : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

Switchboard::Switchboard(Options given)
    : options(std::move(given)),
      directory({.token_required = !options.auth_token.empty(),
                 .account_sid = options.account_sid,
                 .streams_max = options.calls_max}),
      voices({.threads = or_one_per_core(options.voice_threads)}),
      memory({}) {
    const unsigned count = or_one_per_core(options.threads);
    for (std::size_t i = 0; i < count; ++i) {
        loops.push_back(std::make_unique<LoopServices>(*this, i, count));
    }
}

Switchboard::~Switchboard() = default;

LoopServices::LoopServices(Switchboard& owner, std::size_t position, std::size_t loop_count)
    : switchboard(owner), index(position), speech(events, owner.options, loop_count, owner.voices, owner.memory), prepared(*this, {}) {}

LoopServices::~LoopServices() {
    streams_.clear();
    prepared.clear();
    events.settle();  // what they have posted may still refer to the speech chain
}

void LoopServices::keep(std::unique_ptr<MediaStream> stream) {
    MediaStream& kept = *stream;
    streams_.emplace(&kept, std::move(stream));
}

void LoopServices::let_go(MediaStream& stream) {
    if (auto node = streams_.extract(&stream)) events.retire(std::move(node.mapped()));
}

void LoopServices::end_all_streams() {
    std::vector<MediaStream*> open;
    for (const auto& [stream, owner] : streams_) open.push_back(stream);
    for (MediaStream* stream : open) stream->shut_down();
}

}  // namespace gateway
