#pragma once
// The calls of this process, for all loops: which calls the webhook has announced (and with which token and plan),
// which streams are open, and how the recent ones ended. Asked once or twice a call, never per message; a mutex guards
// it.

#include "call/stream_session.hpp"
#include "redacted.hpp"
#include "twilio/stream_message.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gateway {

using call::Instant;

// At the other end of a stream.
enum class CallerKind {
    twilio,   // its sockets are signed, when there is an auth token
    browser,  // the console's softphone: nothing but its token speaks for it, so that is never done without
};

// What a call is to hear, and the token of its stream.
struct Arrangement {
    call::CallPlan plan;
    // Which other servers take as well (stream_pass.hpp); none: one is made for this server.
    std::optional<Secret> token = std::nullopt;
};

// What the webhook (or the softphone) arranged for one call.
struct Ticket {
    Secret token;  // one use, in <Parameter name="token">
    call::CallPlan plan;
    std::size_t loop = 0;  // where its speech is being prepared
    CallerKind caller = CallerKind::twilio;
    bool repeated = false;  // Twilio asked again for the same call: nothing was arranged anew
};

enum class Refusal { no_token, wrong_token, wrong_account, call_has_a_stream, too_many_calls };
const char* name_of(Refusal refusal);

// How a call stands when Twilio asks what comes after its stream.
enum class Aftermath {
    finished,  // hang up
    lost,      // the message was not heard to its end, or we know nothing of it (a restart): try again
    given_up,  // tried again too often: say it with Twilio's own voice
};

struct OpenStream {
    std::uint64_t connection_id = 0;
    std::string call_sid, stream_sid;  // empty until `start`
    std::string peer;
    std::chrono::system_clock::time_point connected_at;
    bool announced = false;  // our webhook's answer opened it, and named whom to ask when it ends
    CallerKind caller = CallerKind::twilio;
};

class CallDirectory {
public:
    struct Options {
        bool token_required = true;  // false: Twilio's `start` without a token is admitted, with the plan made for it
        std::string account_sid;     // only this account's calls; empty: any
        std::chrono::seconds ticket_life{120};
        std::size_t tickets_max = 20'000;
        std::size_t streams_max = 10'000;
        unsigned reconnects_max = 2;       // new streams for a call that lost its own
        std::size_t endings_max = 20'000;  // ended calls remembered
    };
    explicit CallDirectory(Options options);

    // The webhook: arranges a call, once however often Twilio asks. `arrange` is called at most once and may throw.
    // nullopt: there are too many calls. One that goes on with a new stream is not turned away.
    std::optional<Ticket> announce(const std::string& call_sid, const std::string& account_sid, std::size_t loop,
                                   const std::function<Arrangement()>& arrange, Instant now,
                                   CallerKind caller = CallerKind::twilio);

    bool is_announced(const std::string& call_sid) const;
    // Its token is not to be used any more. What the call was to hear is given back; nullopt: it was not announced.
    std::optional<call::CallPlan> withdraw(const std::string& call_sid);

    // A socket has opened, and has closed.
    std::uint64_t opened(std::string peer, CallerKind caller = CallerKind::twilio);
    void closed(std::uint64_t connection_id, std::optional<call::Outcome> outcome, Instant now);

    // What a token that was not given out here is good for, if another server of ours gave it out.
    using ByPass = std::function<std::optional<Ticket>(std::string_view token)>;
    // `start` has come. Uses up the token. An admitted stream without a ticket (token_required is false) gets nullopt.
    // `by_pass` is asked at most once.
    std::expected<std::optional<Ticket>, Refusal> admit(std::uint64_t connection_id, const twilio::Started& started,
                                                        Instant now, const ByPass& by_pass = {});

    Aftermath aftermath(const std::string& call_sid);
    bool is_finished(const std::string& call_sid) const;  // a stream of ours did all that was to be done
    bool has_stream(const std::string& call_sid) const;

    std::vector<OpenStream> streams() const;
    std::size_t stream_count() const;
    std::size_t announced_since(Instant when) const;  // calls whose stream has not opened yet
    std::size_t awaited_streams(Instant now) const { return announced_since(now - options_.ticket_life); }
    std::size_t unasked_since(Instant when) const;  // whose stream has ended, and Twilio has not asked what next

private:
    struct Announced {
        Ticket ticket;
        std::string account_sid;
        Instant expires;
    };
    struct Ending {
        std::optional<call::Outcome> outcome;  // none while the stream lives
        unsigned reconnects = 0;
        std::optional<Instant> unasked_since;  // its stream ended then, and Twilio will ask what next
    };
    void forget_expired(Instant now);
    // The ticket the token is good for. Uses up neither.
    std::expected<Ticket, Refusal> ticket_for(const twilio::Started& started, const std::string& token,
                                              bool account_required, const ByPass& by_pass) const;
    void spend(const std::string& token, Instant now);
    Ending& ending_of(const std::string& call_sid);

    Options options_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Announced> announced_;  // by CallSid
    std::multimap<Instant, std::string> expiry_;
    std::unordered_set<std::string> spent_;  // tokens, until they would have expired
    std::deque<std::pair<Instant, std::string>> spent_order_;
    std::map<std::uint64_t, OpenStream> streams_;
    std::unordered_map<std::string, std::uint64_t> stream_of_call_;
    std::unordered_map<std::string, Ending> endings_;
    std::vector<std::string> ending_order_;
    std::size_t oldest_ending_ = 0;
    std::uint64_t next_connection_id_ = 1;
};

}  // namespace gateway
