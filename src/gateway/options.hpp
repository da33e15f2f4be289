#pragma once
// What an operator may decide about the gateway. config fills it from flags, environment and .env.

#include "call/stream_session.hpp"
#include "gateway/address_limits.hpp"
#include "gateway/api_access.hpp"
#include "gateway/supervision.hpp"
#include "net/ip_range.hpp"
#include "net/redis_address.hpp"
#include "net/socket_census.hpp"
#include "net/waiting_room.hpp"
#include "redacted.hpp"
#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway {

enum class EmbeddedVoiceChoice {
    in_time,  // slt, and kal when so many need speech at once that slt would come late
    slt,
    kal,
};

// What becomes of a new call after the first signal.
enum class DrainPolicy {
    turn_away,  // it hears busy_text
    serve,      // it is taken: who asks is a load balancer that has not noticed yet
    redirect,   // Twilio is told to ask another server
};

// Whether the console may be used as a telephone (softphone.hpp).
enum class SoftphoneChoice {
    on_loopback,  // when nobody but this machine reaches us
    on,
    off,
};

struct Options {
    std::string host = "0.0.0.0";
    std::uint16_t port = 8001;
    unsigned threads = 0;                            // event loops; 0: one per core
    std::string tls_certificate_file, tls_key_file;  // PEM; both or neither, and then the server speaks plain HTTP

    std::string
        public_url;  // "https://phone.example.org": what Twilio calls us; empty: taken from each request's Host header
    std::string instance_url;  // this server's own address among several behind public_url; empty: it is alone
    std::vector<net::IpRange> trusted_proxies;  // whose X-Forwarded-* headers count
    Secret auth_token;                          // Twilio's; empty: signatures are not checked
    std::string account_sid;
    Secret phone_number;                                // ours at Twilio
    std::string twilio_url = "https://api.twilio.com";  // its REST API

    ApiAccess::Options api;  // who may use what is not Twilio's
    SoftphoneChoice softphone = SoftphoneChoice::on_loopback;
    std::size_t live_listeners_max = 16;  // of GET /live

    // What every call gets, unless its number has rules of its own.
    std::string greeting;
    speech::Voice voice;  // the default voice
    call::AfterSpeech after_speech = call::AfterSpeech::stay;
    std::string busy_text = "All our lines are busy. Please call again in a few minutes.";
    std::string apology_text = "We are sorry. Your call cannot be taken right now. Please call again later.";

    std::string numbers_file;  // those rules (numbers_file.hpp); empty: there are none

    bool record = false;               // every call whose number says nothing else
    std::string recordings_directory;  // empty: nothing can be recorded
    std::uint64_t recordings_bytes_max = std::uint64_t{4'096} << 20;
    std::chrono::days recordings_kept_for{30};  // 0: until somebody removes them

    std::string events_url;  // told what happens on calls (event_outbox.hpp); empty: nobody is
    Secret events_secret;
    bool events_allow_private = false;  // may lie in our own network

    // Requests at once, if the plan allows as many; all loops have so many for each, and one may have them all.
    static constexpr std::size_t elevenlabs_requests_per_loop_max = 64;
    std::string elevenlabs_url = "https://api.elevenlabs.io";
    bool elevenlabs_by_websocket = false;          // first, with HTTP behind it
    Secret elevenlabs_key;                         // empty: the embedded voice speaks
    std::size_t elevenlabs_requests_max = 0;       // the plan's limit; 0: what the replies say
    std::size_t elevenlabs_connections_ahead = 0;  // kept open by each loop (connections_ahead.hpp)

    std::optional<net::RedisAddress> redis;  // what several servers share (shared_store.hpp); none: nothing

    std::string cache_directory;  // for what was said before; empty: kept in memory only
    std::size_t cache_disk_bytes_max = 512u << 20;
    std::size_t cache_memory_bytes_max = 256u << 20;
    std::string warm_file;  // phrases said into the cache at start (warm.hpp); empty: none

    // What strangers may take up of the server; of all loops together.
    net::SocketCensus::Bounds sockets{.sockets_max = 0,  // what the descriptor limit allows, less a reserve
                                      .per_address_max = 1'000,
                                      .without_limit = {}};  // `unlimited` and the trusted proxies
    std::vector<net::IpRange> unlimited = net::parse_ip_ranges("127.0.0.0/8, ::1").value();
    net::WaitingRoom::Bounds waiting{.guests_max = 8'192, .bytes_max = 64u << 20};
    std::chrono::milliseconds request_timeout{10'000}, idle_timeout{60'000};

    AddressLimits::Options address_limits;
    double calls_per_caller_per_minute = 60;  // of one number; 0: no limit
    std::string caller_limit_text = "You have called very often. Please wait a minute, and call again.";

    call::StreamSession::Options session;
    std::size_t calls_max = 10'000;
    std::chrono::milliseconds loop_lag_max{500};   // later than that, a loop takes no new calls; 0: whatever it is
    std::chrono::milliseconds drain_max{600'000};  // after the first signal running calls may last this long
    DrainPolicy drain_policy = DrainPolicy::turn_away;
    std::string drain_redirect_url;  // where DrainPolicy::redirect sends new calls: another server's /call/incoming
    Supervision::Options supervision;
    EmbeddedVoiceChoice embedded_voice = EmbeddedVoiceChoice::in_time;
    unsigned voice_threads = 0;  // of the embedded voice; 0: one per core
};

}  // namespace gateway
