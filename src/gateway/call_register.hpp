#pragma once
// What there is to tell of the calls of this process: one record each, from the first news of it until a while after
// its end. For all loops; asked a few times a call, never per message; a mutex guards it. Admission is not decided here
// but in the CallDirectory.

#include "call/outcome.hpp"
#include "call/utterance_log.hpp"
#include "gateway/register_journal.hpp"
#include "redacted.hpp"
#include "twilio/call_status.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gateway {

using call::Instant;

enum class CallState {
    waiting,  // announced or placed: its stream is awaited
    open,     // its stream is open
    ended,    // its stream has ended, or never came
};
const char* name_of(CallState state);

// What happened on a call besides what its utterances tell: its timeline is drawn of these.
struct CallMoment {
    enum class Kind { speech_asked, first_audio, speech_complete, speech_failed, fell_back, gap, digit };
    Kind kind{};
    Instant at{};
    std::string what{};                  // the source of speech, why it failed, the key
    std::chrono::microseconds length{};  // of a gap, which ends here, and of complete speech
};
const char* name_of(CallMoment::Kind kind);

struct CallRecord {
    std::string call_sid{}, account_sid{}, direction{};
    std::string voice_id{};
    Secret from{}, to{};
    CallState state = CallState::waiting;
    Instant created_at{};
    Instant entered_at{};  // its state
    std::optional<Instant> opened_at{}, ended_at{};
    std::string stream_sid{};
    std::size_t loop = 0;                        // where its stream lives while it is open
    std::optional<twilio::CallStatus> status{};  // Twilio's last word
    int status_sequence = -1;                    // its SequenceNumber; -1: it had none
    std::string answered_by{};                   // "human", "machine_start", …
    std::string stream_error{};                  // what Twilio says went wrong with the stream
    std::optional<call::Outcome> outcome{};
    call::Totals totals{};  // from here on: what the stream left behind when it ended
    std::string digits{};
    std::vector<call::UtteranceRecord> utterances{};  // without their texts
    std::vector<CallMoment> moments{};
};

class CallRegister {
public:
    struct Options {
        std::size_t ended_max = 1'000;          // remembered
        std::chrono::seconds stream_wait{900};  // after which a call without a stream counts as ended
        std::size_t waiting_max = 20'000;       // beyond that, the oldest count as ended
        std::size_t moments_max = 64;           // of one call; how it began is worth more than how it went on
    };
    explicit CallRegister(Options options) : options_(options) {}

    struct Announcement {
        std::string call_sid{}, account_sid{}, direction{};
        Secret from{}, to{};
        std::string voice_id{};
    };
    // A webhook has come, or a call was placed. Says nothing new of a call that waits or runs already.
    void announced(const Announcement& call, Instant now);
    struct Opening {
        std::string stream_sid{}, voice_id{};
        std::size_t loop = 0;
    };
    void opened(const std::string& call_sid, const Opening& opening, Instant now);
    struct Ending {
        call::Outcome outcome{};
        call::Totals totals{};
        std::string digits{};
        std::vector<call::UtteranceRecord> utterances{};
    };
    // `stream_sid`: of the stream that ended; a newer one of the same call is not touched.
    void closed(const std::string& call_sid, const std::string& stream_sid, Ending ending, Instant now);

    // Twilio tells at least once, and not always in order.
    enum class Told { news, repeated, outdated };
    Told status(const std::string& call_sid, twilio::CallStatus status, std::optional<int> sequence, Instant now);
    void answered_by(const std::string& call_sid, std::string who);
    bool stream_error(const std::string& call_sid, std::string what);  // false: known already, or not a call of ours
    bool noted(const std::string& call_sid, CallMoment moment);        // false: it has too many

    std::optional<CallRecord> find(const std::string& call_sid) const;
    // The latest first.
    std::vector<CallRecord> list(std::optional<CallState> state, std::size_t limit) const;

    // For who tells other servers which calls are open here (RegisterJournal).
    void follow(std::function<void()> wake);
    RegisterJournal::Taken take_changes();
    RegisterJournal::Changes take_all();  // all that are open; earlier changes are told by that

private:
    using Records = std::list<CallRecord>;
    CallRecord& enter(CallState state, const std::string& call_sid, Instant now);
    Records& list_of(CallState state);
    void tidy(Instant now);

    Options options_;
    mutable std::mutex mutex_;
    Records waiting_, open_, ended_;  // each: the longest in that state first
    std::unordered_map<std::string, Records::iterator> by_sid_;
    RegisterJournal journal_;
};

}  // namespace gateway
