#include "gateway/loop_services.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/descriptors.hpp"
#include "gateway/instance_pages.hpp"
#include "gateway/media_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace gateway {

namespace {

unsigned or_one_per_core(unsigned asked) {
    return asked != 0 ? asked : std::max(1u, std::thread::hardware_concurrency());
}

std::string instance_name() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

// A proxy's connections are those of all its clients.
net::SocketCensus::Bounds socket_bounds(const Options& options) {
    auto bounds = options.sockets;
    bounds.without_limit = options.unlimited;
    bounds.without_limit.insert(bounds.without_limit.end(), options.trusted_proxies.begin(),
                                options.trusted_proxies.end());
    return bounds;
}

}  // namespace

Switchboard::Switchboard(Options given)
    : options(fitted_to_descriptors(std::move(given), descriptors_allowed())),
      instance(instance_name()),
      origins({.public_url = options.public_url,
               .instance_url = options.instance_url,
               .trusted_proxies = options.trusted_proxies}),
      api(options.api),
      census(socket_bounds(options)),
      addresses(options.address_limits, options.unlimited),
      callers({.per_second = options.calls_per_caller_per_minute / 60, .burst = options.calls_per_caller_per_minute}),
      directory({.token_required = !options.auth_token.empty(),
                 .account_sid = options.account_sid,
                 .streams_max = options.calls_max}),
      passes(options.auth_token),
      plan_seal(options.auth_token, "mouthpiece shared plan 1"),
      numbers(options.numbers_file, call_settings(options), !options.recordings_directory.empty()),
      limit_ledger(options.auth_token, SharedPlaces::lease),
      voices({.threads = or_one_per_core(options.voice_threads)}),
      slots({.requests_max = options.elevenlabs_requests_max,
             .connections_max = Options::elevenlabs_requests_per_loop_max * or_one_per_core(options.threads)}),
      memory({.bytes_max = options.cache_memory_bytes_max}) {
    if (!options.cache_directory.empty()) {
        clip_files = std::make_unique<ClipFiles>(ClipFiles::Options{
            .directory = {.path = options.cache_directory, .bytes_max = options.cache_disk_bytes_max}});
    }
    if (!options.recordings_directory.empty()) {
        recorder =
            std::make_unique<Recorder>(Recorder::Options{.directory = {.path = options.recordings_directory,
                                                                       .bytes_max = options.recordings_bytes_max,
                                                                       .keep_for = options.recordings_kept_for}});
    }
    if (options.elevenlabs_by_websocket && options.elevenlabs_url.starts_with("https://")) {
        auto trusted = net::Tls::client();
        if (!trusted) throw std::runtime_error(trusted.error());
        authorities = std::move(*trusted);
    }
    if (!options.tls_certificate_file.empty()) {
        certificate = std::make_unique<Certificate>(
            Certificate::Files{.chain = options.tls_certificate_file, .key = options.tls_key_file});
    }
    const unsigned count = or_one_per_core(options.threads);
    if (options.redis) store_record = std::make_unique<StoreRecord>(count);
    for (std::size_t i = 0; i < count; ++i) {
        loops.push_back(std::make_unique<LoopServices>(*this, i, count));
    }
    if (options.redis && !options.elevenlabs_key.empty()) {
        LoopServices& first = *loops.front();
        plan = std::make_unique<SharedPlan>(
            first.events, *first.store, slots,
            SharedPlan::Names{plan_ledger_name(options.elevenlabs_key.reveal()), instance});
    }
    outbox = std::make_unique<EventOutbox>(
        loops.front()->events,
        EventOutbox::Options{.url = options.events_url,
                             .secret = options.events_secret,
                             .private_addresses = options.events_allow_private},
        [this](std::string_view result, std::size_t count_of_them) { metrics.events_told(result, count_of_them); });
    live = std::make_unique<LiveFeed>(*this, LiveFeed::Options{.listeners_max = options.live_listeners_max});
    if (options.redis) {
        LoopServices& first = *loops.front();
        shared_register = std::make_unique<SharedRegister>(first.events, *first.store, calls, instance,
                                                           [this] { return instance_note(*this); });
        orders = std::make_unique<CallOrders>(*this);
        shared_places =
            std::make_unique<SharedPlaces>(first.events, *first.store, limit_ledger, number_places, numbers);
    }
}

Switchboard::~Switchboard() = default;

LoopServices::LoopServices(Switchboard& owner, std::size_t position, std::size_t loop_count)
    : switchboard(owner),
      index(position),
      mailbox(std::make_shared<LoopMailbox>(events)),
      store(owner.options.redis ? std::make_unique<SharedStore>(events, *owner.options.redis, *owner.store_record)
                                : nullptr),
      shared_speech(events, store.get(), owner.plan_seal),
      speech(events, position,
             {.options = owner.options,
              .voices = owner.voices,
              .memory = owner.memory,
              .slots = owner.slots,
              .files = owner.clip_files.get(),
              .store = store.get(),
              .instance = owner.instance,
              .shared_clips = &owner.shared_clips,
              .authorities = owner.authorities,
              .loops = loop_count,
              .places = [&owner](std::size_t row) { return owner.places(row); }}),
      prepared(*this, {}),
      fetches(events, {.connections_per_host_max = 8}),
      voices(owner.options, fetches, [this] { return events.now(); }) {}

std::vector<net::EventLoop*> Switchboard::event_loops() const {
    std::vector<net::EventLoop*> all;
    all.reserve(loops.size());
    for (const auto& loop : loops) all.push_back(&loop->events);
    return all;
}

std::vector<MeetingPoint::Place> Switchboard::places(std::size_t row) {
    std::vector<MeetingPoint::Place> all;
    all.reserve(loops.size());
    for (auto& loop : loops) all.push_back({&loop->events, &loop->speech.chain().row(row)});
    return all;
}

LoopServices::~LoopServices() {
    mailbox->close();
    streams_.clear();
    prepared.clear();
    events.settle();  // what they have posted may still refer to the speech chain
}

std::optional<http::Response> LoopServices::too_many_requests(const RequestOrigin& origin) {
    auto answer = switchboard.addresses.request(origin.address, events.now());
    if (answer) events.limits().reached(Limit::requests_of_address);
    return answer;
}

std::optional<http::Response> LoopServices::too_many_refusals(const RequestOrigin& origin) {
    auto answer = switchboard.addresses.refusal(origin.address, events.now());
    if (answer) events.limits().reached(Limit::refusals_of_address);
    return answer;
}

void LoopServices::note(const std::string& call_sid, CallMoment moment) {
    moment.at = events.now();
    if (!switchboard.calls.noted(call_sid, std::move(moment))) events.limits().reached(Limit::call_moments);
}

void LoopServices::keep(std::unique_ptr<MediaStream> stream) {
    MediaStream& kept = *stream;
    streams_.emplace(&kept, std::move(stream));
}

void LoopServices::let_go(MediaStream& stream) {
    if (auto node = streams_.extract(&stream)) events.retire(std::move(node.mapped()));
}

std::vector<HeardCaller> LoopServices::heard_callers() const {
    std::vector<HeardCaller> callers;
    for (const auto& [stream, owner] : streams_) {
        const auto level = stream->session() != nullptr ? stream->session()->caller_level() : std::nullopt;
        if (level) callers.emplace_back(stream->connection_id(), stream->session()->call_sid(), *level);
    }
    return callers;
}

MediaStream* LoopServices::stream_of(const std::string& call_sid) const {
    const auto found = stream_of_call_.find(call_sid);
    return found == stream_of_call_.end() ? nullptr : found->second;
}

void LoopServices::call_opened(const std::string& call_sid, MediaStream& stream) {
    stream_of_call_.insert_or_assign(call_sid, &stream);
}

void LoopServices::call_closed(const std::string& call_sid, const MediaStream& stream) {
    const auto found = stream_of_call_.find(call_sid);
    if (found != stream_of_call_.end() && found->second == &stream) stream_of_call_.erase(found);
}

void LoopServices::end_all_streams() {
    std::vector<MediaStream*> open;
    open.reserve(streams_.size());
    for (const auto& [stream, owner] : streams_) open.push_back(stream);
    for (MediaStream* stream : open) stream->shut_down();
}

}  // namespace gateway
