#pragma once
// The life of one media stream, from the open socket to one outcome. No I/O and no clock: feed an event, then take
// actions until there are none. The gateway performs them.
//
//   awaiting start --Started--> authorising --Authorised--> speaking --last mark heard--> listening (or closing)
//
// What a peer may do wrong, and the one answer to each:
//
//   text before `start`            ignored and counted, but for one `connected`; more than `early_messages_max`: 1008
//   no `start` in time             closes with 1008
//   a `start` of other audio       closes with 1003: anything but mu-law at 8 kHz would be played as noise
//   a second `start`               ignored and counted
//   a message for another stream   ignored and counted (Twilio does the same with ours)
//   broken JSON, binary            before `start`: closes with 1007, 1003; afterwards ignored and counted, a running
//                                  call is not cut off; too many of those: 1008
//   an event we do not know        passed over: Twilio may add some at any time
//   a mark we did not send         ignored and counted
//   oversize                       the WebSocket codec has closed with 1009 before we hear of it
//
// How speech ends the call: once everything said has been heard (its last mark came back, or is `mark_patience`
// overdue), AfterSpeech::hang_up closes with 1000 and `stay` waits. When speech fails before any of it was said the
// stream closes with 1011, so that the TwiML behind the stream takes over; when it fails later, what there is of it is
// played, hang_up closes with 1011, and the outcome is speech_failed in either case.

#include "call/action.hpp"
#include "call/caller_ear.hpp"
#include "call/plan.hpp"
#include "call/playout.hpp"
#include "call/speaker.hpp"
#include "speech/speech_source.hpp"
#include "twilio/stream_message.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace call {

// What becomes of what the caller says: nothing, or each frame is decoded as it comes and its level kept.
enum class CallerAudio { ignore, level };

class StreamSession {
public:
    struct Options {
        Playout::Options playout{};
        std::chrono::milliseconds start_timeout{10'000};
        std::chrono::milliseconds call_duration_max{4 * 3600 * 1000};
        std::chrono::milliseconds mark_patience{
            5'000};  // past the expected end of playing, before we go on without the mark
        std::chrono::milliseconds mark_interval{1'000};  // audio between two marks: the resolution of "heard"
        std::uint32_t early_messages_max = 20;
        std::uint32_t ignored_max = 100;
        UtteranceLog::Options utterances{};
        CallerAudio caller_audio = CallerAudio::ignore;
        std::size_t digits_kept_max = 32;  // of those the caller pressed, the latest
    };
    StreamSession(Options options, Instant now);

    void on(const twilio::InboundMessage& message, Instant now);
    void on_unreadable(twilio::ParseError error, Instant now);
    void on_binary(Instant now);
    void on_authorised(CallPlan plan, Instant now);
    void on_refused(Instant now);

    void on_audio(audio::Clip clip, Instant now);
    void on_sentence_end(std::size_t text_end, Instant now);  // speech::Listener
    void on_speech_finished(Instant now);
    void on_speech_failed(Instant now);

    void on_deadline(Instant now);
    void on_connection_closed(Instant now);
    void on_shutdown(Instant now);  // the drain time is over

    // Call control. These are refused when there is no authorised, open stream, or too much is unfinished on it.
    enum class Refused { not_open, queue_full };
    enum class SayMode { queue, interrupt };  // after what is queued; instead of it
    std::expected<UtteranceId, Refused> say(speech::Request request, SayMode mode, Instant now);
    // Tells, as an utterance without audio, when everything said before it is over.
    std::expected<UtteranceId, Refused> mark(std::string name, Instant now);
    // Drops what has not been heard.
    bool clear(Instant now);
    enum class HangUp { now, after_speech };
    bool hang_up(HangUp when, Instant now);

    // The next thing to do. After each event take actions until there are none; SendMedia costs no allocation.
    std::optional<Action> next_action();
    // When to call on_deadline() next; in the past means at once.
    std::optional<Instant> next_deadline() const;
    std::optional<Instant> runs_dry_at() const { return speaker_.playout().runs_dry_at(); }
    std::optional<Outcome> outcome() const;
    // Whether the next message may change what we do. Otherwise it is enough to be told of it a few tenths of a second
    // late, and cheaper.
    bool waits_for_peer() const;

    const std::string& stream_sid() const { return stream_sid_; }
    Instant started_at() const { return started_at_; }
    const std::string& call_sid() const { return call_sid_; }
    const std::string& account_sid() const { return account_sid_; }
    const speech::Voice& voice() const { return plan_.speech.voice; }
    // The plan for another stream of this call: what has not been heard. Once closed, as it was then.
    CallPlan rest() const { return rest_ ? *rest_ : unheard(); }
    std::uint32_t progress() const { return speaker_.utterances().progress(); }  // changes when rest() does
    const std::string& digits() const { return digits_; }
    const Playout& playout() const { return speaker_.playout(); }
    std::optional<CallerLevel> caller_level() const;  // nullopt when nobody listens
    bool was_authorised() const { return authorised_; }
    // Closed, but not over for the caller: there was something left to hear, or the call was to stay.
    bool goes_on() const;
    std::vector<UtteranceRecord> utterances() const { return speaker_.utterances().records(); }
    Totals totals() const;

private:
    enum class Phase { awaiting_start, authorising, open, closed };

    void on_message(const twilio::Connected&);
    void on_message(const twilio::Started&);
    void on_message(const twilio::Media&);
    void on_message(const twilio::Dtmf&);
    void on_message(const twilio::Mark&);
    void on_message(const twilio::Stopped&);
    void on_message(const twilio::Unknown&);

    bool ours(std::string_view stream_sid);
    void ignore();
    void settle();
    void end(Outcome unless_heard);
    Outcome heard_outcome() const;
    void close(Outcome outcome, std::uint16_t code);
    void advance(Instant now);
    CallPlan unheard() const;

    Options options_;
    Speaker speaker_;
    CallerEar ear_;
    Phase phase_ = Phase::awaiting_start;
    Instant now_;  // of the last event
    Instant opened_at_;
    Instant started_at_{};  // `start` came

    std::string stream_sid_, call_sid_, account_sid_;
    CallPlan plan_;
    std::optional<UtteranceId> message_;    // the plan's; none: there was nothing to say of it
    std::unique_ptr<const CallPlan> rest_;  // when closed
    std::string digits_, digits_unreported_;
    AfterSpeech after_speech_ = AfterSpeech::stay;
    bool connected_ = false;
    bool authorised_ = false;
    bool message_heard_ = false;  // everything said so far; say() takes it back
    bool told_to_hang_up_ = false;
    bool broken_off_ = false;                   // the connection ended first
    std::optional<twilio::Started> authorise_;  // Authorise is owed
    std::optional<CloseStream> close_;
    bool close_taken_ = false;
    Totals counted_;  // what the session counts itself; totals() adds the speaker's
};

}  // namespace call
