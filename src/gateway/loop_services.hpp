#pragma once
// What all calls share: Switchboard for the whole program, LoopServices for one event loop. main builds them, in this
// order, and everything else gets them by reference.

#include "call/call_metrics.hpp"
#include "gateway/address_limits.hpp"
#include "gateway/api_access.hpp"
#include "gateway/call_directory.hpp"
#include "gateway/call_events.hpp"
#include "gateway/call_orders.hpp"
#include "gateway/call_register.hpp"
#include "gateway/certificate.hpp"
#include "gateway/clip_files.hpp"
#include "gateway/embedded_voice.hpp"
#include "gateway/event_outbox.hpp"
#include "gateway/fetches.hpp"
#include "gateway/idempotency.hpp"
#include "gateway/kept_plans.hpp"
#include "gateway/live_feed.hpp"
#include "gateway/loop_mailbox.hpp"
#include "gateway/loop_speech.hpp"
#include "gateway/number_places.hpp"
#include "gateway/numbers_file.hpp"
#include "gateway/options.hpp"
#include "gateway/prepared_speech.hpp"
#include "gateway/recorder.hpp"
#include "gateway/request_origin.hpp"
#include "gateway/shared_clips.hpp"
#include "gateway/shared_places.hpp"
#include "gateway/shared_plan.hpp"
#include "gateway/shared_register.hpp"
#include "gateway/shared_speech.hpp"
#include "gateway/shared_store.hpp"
#include "gateway/stream_pass.hpp"
#include "gateway/voice_directory.hpp"
#include "net/event_loop.hpp"
#include "net/loop_lag.hpp"
#include "net/socket_census.hpp"
#include "speech/cache.hpp"
#include "twilio/stream_message.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway {

class MediaStream;
class LoopServices;

struct Switchboard {
    explicit Switchboard(Options options);
    ~Switchboard();

    const Options options;
    const std::string instance;    // of this run: tells whether two addresses lead to the same server
    const RequestOrigins origins;  // who asks, and under which address of ours
    ApiAccess api;
    net::SocketCensus census;
    AddressLimits addresses;
    RateLimit callers;
    call::CallMetrics metrics;
    CallDirectory directory;
    StreamPasses passes;
    Seal plan_seal;
    NumbersFile numbers;  // what each of our numbers gets
    NumberPlaces number_places{{}};
    const LimitLedger limit_ledger;  // what callers and numbers use on all servers together
    CallRegister calls{{}};
    Idempotency idempotency{{}};
    // A call that lost its stream is asked for again: the longest call, and more.
    KeptPlans planned{{.plans_max = 5'000, .life = std::chrono::hours{5}}};
    // By CallSid, what its caller has not heard. Twilio asks within seconds, or not at all.
    KeptPlans interrupted{{.plans_max = 2'000, .life = std::chrono::minutes{2}}};
    EmbeddedVoicePool voices;
    speech::RequestSlots slots;                 // what ElevenLabs' plan allows at once
    speech::ClipMemory memory;                  // what was said before
    std::unique_ptr<Recorder> recorder;         // null without Options::recordings_directory
    std::unique_ptr<ClipFiles> clip_files;      // and on disk; null without Options::cache_directory
    std::unique_ptr<StoreRecord> store_record;  // how it goes with Redis; null without Options::redis
    SharedClipCounts shared_clips;
    std::shared_ptr<const net::Tls> authorities;  // whom to believe at ElevenLabs' WebSocket
    std::unique_ptr<Certificate> certificate;     // ours; null: plain HTTP
    std::atomic<bool> draining = false;
    std::vector<std::unique_ptr<LoopServices>> loops;
    std::unique_ptr<EventOutbox> outbox;              // on the first loop
    std::unique_ptr<LiveFeed> live;                   // on the first loop
    std::unique_ptr<SharedRegister> shared_register;  // on the first loop; null without Options::redis
    std::unique_ptr<CallOrders> orders;               // the same
    std::unique_ptr<SharedPlan> plan;             // on the first loop; null without Options::redis, or without a key
    std::unique_ptr<SharedPlaces> shared_places;  // on the first loop; null without Options::redis
    CallEvents events{*this};

    std::vector<net::EventLoop*> event_loops() const;
    std::vector<MeetingPoint::Place> places(std::size_t row);  // row `row` of every loop's speech chain
};

// How loud the caller at the other end of a stream is.
struct HeardCaller {
    std::uint64_t connection_id;
    std::string call_sid;
    call::CallerLevel level;
};

class LoopServices {
public:
    LoopServices(Switchboard& switchboard, std::size_t index, std::size_t loop_count);
    ~LoopServices();

    Switchboard& switchboard;
    const std::size_t index;
    net::EventLoop events;
    const net::LoopLag lag{events};
    const std::shared_ptr<LoopMailbox> mailbox;  // for other loops' answers; may outlive this
    const std::unique_ptr<SharedStore> store;    // what all instances share; null without Options::redis
    SharedSpeech shared_speech;                  // with them
    LoopSpeech speech;                           // the whole chain
    PreparedSpeech prepared;
    Fetches fetches;        // from Twilio's and ElevenLabs' APIs
    VoiceDirectory voices;  // at ElevenLabs
    twilio::StreamMessageParser parser;
    unsigned syntheses = 0;  // for the API, under way
    std::string out;         // frames of one wake-up, built here and sent in one write

    // The answer to give when this client asks, or is turned down, too often; counted.
    std::optional<http::Response> too_many_requests(const RequestOrigin& origin);
    std::optional<http::Response> too_many_refusals(const RequestOrigin& origin);

    void note(const std::string& call_sid, CallMoment moment);  // of now, for the call's timeline

    void keep(std::unique_ptr<MediaStream> stream);
    void let_go(MediaStream& stream);  // from inside its own callback
    void end_all_streams();

    std::vector<HeardCaller> heard_callers() const;  // of this loop; none unless they are listened to

    // Which stream of this loop has the call; null: none.
    MediaStream* stream_of(const std::string& call_sid) const;
    void call_opened(const std::string& call_sid, MediaStream& stream);
    void call_closed(const std::string& call_sid, const MediaStream& stream);

private:
    std::unordered_map<MediaStream*, std::unique_ptr<MediaStream>> streams_;
    std::unordered_map<std::string, MediaStream*> stream_of_call_;
};

}  // namespace gateway
