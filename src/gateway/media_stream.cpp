#include "gateway/media_stream.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/passed_call.hpp"
#include "gateway/speak.hpp"
#include "websocket/codec.hpp"

#include <spdlog/spdlog.h>

#include <utility>
#include <variant>

namespace gateway {

namespace {

constexpr net::WebSocket::Options stream_socket_options{.role = websocket::Role::server,
                                                        .message_bytes_max = 64 * 1024};

template <class... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};

double in_seconds(std::chrono::microseconds duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

void MediaStream::open(LoopServices& loop, net::Exchange::Upgraded upgraded, const std::string& client,
                       CallerKind caller) {
    const auto id = loop.switchboard.directory.opened(client, caller);
    loop.switchboard.metrics.stream_opened();
    spdlog::info("stream opened connection={} peer={}", id, client);
    auto session = std::make_unique<call::StreamSession>(loop.switchboard.options.session, loop.events.now());
    std::unique_ptr<MediaStream> stream(new MediaStream(loop, std::move(session), id, std::move(upgraded.connection)));
    MediaStream& opened = *stream;
    loop.keep(std::move(stream));
    opened.unknown_.enter();
    opened.plan_next_deadline();
    opened.socket_.start(upgraded.early);
}

MediaStream::MediaStream(LoopServices& loop, std::unique_ptr<call::StreamSession> session, std::uint64_t connection_id,
                         std::unique_ptr<net::Connection> connection)
    : loop_(loop),
      session_(std::move(session)),
      connection_id_(connection_id),
      socket_(std::move(connection), stream_socket_options, *this),
      deadline_(loop.events.timers(),
                [this] {
                    session_->on_deadline(loop_.events.now());
                    drain();
                }),
      unknown_(loop.events.waiting_room(), [this] { lose(); }) {}

MediaStream::~MediaStream() = default;

void MediaStream::on_text(std::string_view text) {
    if (!session_) return;
    const auto message = loop_.parser.parse(text);
    const auto now = loop_.events.now();
    if (message && recording_) recording_->heard(*message, now);
    if (message) {
        session_->on(*message, now);
    } else {
        session_->on_unreadable(message.error(), now);
    }
    // Caller audio, which is nearly all there is, asks for nothing: what it may have brought about is done when all of
    // this read has been heard.
    if (!message || !std::holds_alternative<twilio::Media>(*message)) drain();
}

void MediaStream::on_binary(std::span<const char>) {
    if (!session_) return;
    session_->on_binary(loop_.events.now());
    drain();
}

void MediaStream::on_closed(std::uint16_t code, std::string_view) {
    gone_ = true;
    if (!session_) return;
    spdlog::debug("stream socket closed connection={} code={}", connection_id_, code);
    if (code == websocket::close_code::too_big) loop_.events.limits().reached(Limit::websocket_message);
    if (code == websocket::close_code::too_big || code == websocket::close_code::protocol_error) {
        loop_.switchboard.metrics.request_refused("websocket");
    }
    session_->on_connection_closed(loop_.events.now());
    drain();
}

void MediaStream::on_audio(audio::Clip clip) {
    session_->on_audio(std::move(clip), loop_.events.now());
    drain();
}

void MediaStream::on_sentence_end(std::size_t text_end) {
    session_->on_sentence_end(text_end, loop_.events.now());
    drain();
}

void MediaStream::on_finished() {
    utterance_.reset();  // a call may go on for long with nothing being said
    session_->on_speech_finished(loop_.events.now());
    drain();
}

void MediaStream::on_failed(speech::Failure failure) {
    spdlog::error("call not spoken to its end call_sid={} reason={:?}", session_->call_sid(), failure.reason);
    utterance_.reset();
    session_->on_speech_failed(loop_.events.now());
    drain();
}

void MediaStream::shut_down() {
    session_->on_shutdown(loop_.events.now());
    drain();
}

void MediaStream::lose() {
    socket_.reset();
    on_closed(websocket::close_code::lost, "");
}

// Performs everything the session wants, then sends it in one write.
void MediaStream::drain() {
    if (draining_) return;
    perform_all();
    if (!loop_.out.empty()) {
        socket_.send_frames(loop_.out);
        loop_.out.clear();
    }
    if (!session_) return;
    share_rest();
    if (recording_) recording_->hand_on(loop_.events.now());
    plan_next_deadline();
    socket_.read_at_leisure(!session_->waits_for_peer());
}

void MediaStream::perform_all() {
    struct Busy {
        bool& busy;
        explicit Busy(bool& flag) : busy(flag) { busy = true; }
        ~Busy() { busy = false; }
    } const busy(draining_);  // also when an action fails: the end of the call has actions too
    while (session_) {
        const auto action = session_->next_action();
        if (!action) break;
        perform(*action);
    }
}

void MediaStream::plan_next_deadline() {
    const auto next = session_->next_deadline();
    if (!next) return deadline_.disarm();
    if (!deadline_.armed() || deadline_.when() != *next) deadline_.arm(*next);
    if (utterance_) {
        if (const auto dry = session_->runs_dry_at()) utterance_->needed_by(*dry);
    }
}

void MediaStream::perform(const call::Action& action) {
    std::visit(
        Match{
            [&](const call::Authorise& wanted) { authorise(wanted.started); },
            [&](const call::StartSpeech& speech) { start_speech(speech.request); },
            [&](const call::StopSpeech&) { utterance_.reset(); },
            [&](const call::SendMedia& media) { send_media(media); },
            [&](const call::SendMark& mark) { send_mark(mark); }, [&](const call::SendClear&) { send_clear(); },
            [&](const call::ReportUtterance& report) { loop_.switchboard.events.utterance(*session_, report.change); },
            [&](const call::ReportDigit& report) {
                loop_.note(session_->call_sid(),
                           {.kind = CallMoment::Kind::digit, .what = std::string(1, report.digit)});
                loop_.switchboard.events.digit(*session_, report.digit);
            },
            [&](const call::CloseStream& close) {
                if (!gone_) {
                    socket_.send_frames(std::exchange(loop_.out, {}));
                    socket_.close(close.close_code, "");
                }
                end(close.outcome);
            }},
        action);
}

void MediaStream::send_media(const call::SendMedia& media) {
    note_gap();
    const auto frame = websocket::begin_text(loop_.out);
    twilio::append_media(loop_.out, session_->stream_sid(), media.mulaw);
    websocket::end_text(loop_.out, frame);
    if (recording_) recording_->sent(media.mulaw, session_->runs_dry_at().value_or(loop_.events.now()));
}

void MediaStream::send_mark(const call::SendMark& mark) {
    const auto frame = websocket::begin_text(loop_.out);
    twilio::append_mark(loop_.out, session_->stream_sid(), mark.name);
    websocket::end_text(loop_.out, frame);
    if (recording_) recording_->mark_sent(mark.name);
}

void MediaStream::send_clear() {
    const auto frame = websocket::begin_text(loop_.out);
    twilio::append_clear(loop_.out, session_->stream_sid());
    websocket::end_text(loop_.out, frame);
    if (recording_) recording_->cleared(loop_.events.now());
}

// The audio that is about to leave comes after the ear has run dry.
void MediaStream::note_gap() {
    const call::Playout& playout = session_->playout();
    if (playout.underruns() == underruns_noted_) return;
    underruns_noted_ = playout.underruns();
    loop_.note(session_->call_sid(), {.kind = CallMoment::Kind::gap,
                                      .length = playout.silence() - std::exchange(silence_noted_, playout.silence())});
}

// Of a call that another server has answered, others may know more than its pass tells.
void MediaStream::authorise(const twilio::Started& started) {
    const bool ours = !loop_.shared_speech.shares() || loop_.switchboard.directory.is_announced(started.call_sid);
    const auto facts = ours ? std::nullopt : facts_by_pass(loop_, started);
    if (!facts) return admit(started, {});
    const std::string plan_name(encoding::find(facts->query, "plan").value_or(""));
    asked_ = loop_.shared_speech.find(started.call_sid, plan_name, [this, started](const SharedSpeech::Known& known) {
        admit(started, known);
        drain();
    });
}

void MediaStream::admit(const twilio::Started& started, const SharedSpeech::Known& known) {
    const auto now = loop_.events.now();
    auto admitted = loop_.switchboard.directory.admit(
        connection_id_, started, now, [&](std::string_view) { return ticket_by_pass(loop_, started, known); });
    if (!admitted) {
        spdlog::warn("stream refused connection={} call_sid={} reason={}", connection_id_, started.call_sid,
                     name_of(admitted.error()));
        loop_.switchboard.metrics.request_refused(name_of(admitted.error()));
        return session_->on_refused(now);
    }
    unknown_.leave();
    socket_.proven();
    if (!*admitted) {
        const auto number = encoding::find(started.custom_parameters, "to").value_or("");
        return begin(plan_for_stream(*loop_.switchboard.numbers.settings_for(number), started));
    }
    LoopServices& home = *loop_.switchboard.loops[(*admitted)->loop];
    if (&home != &loop_) return move_to(home, std::move(**admitted));
    begin(std::move((*admitted)->plan));
}

// On the loop where the call stays.
void MediaStream::begin(call::CallPlan plan) {
    const auto now = loop_.events.now();
    loop_.call_opened(session_->call_sid(), *this);
    loop_.switchboard.number_places.opened(session_->call_sid(), connection_id_);
    loop_.switchboard.calls.opened(
        session_->call_sid(),
        {.stream_sid = session_->stream_sid(), .voice_id = plan.speech.voice.id, .loop = loop_.index}, now);
    loop_.switchboard.events.started(*session_);
    if (plan.record && loop_.switchboard.recorder)
        recording_ = std::make_unique<CallRecording>(*loop_.switchboard.recorder, *session_);
    rest_shared_ = plan.heard_bytes > 0 || !plan.then.empty();
    session_->on_authorised(std::move(plan), now);
    progress_noted_ = session_->progress();  // the others can work that out
}

void MediaStream::start_speech(const speech::Request& request) {
    utterance_.reset();
    utterance_ = loop_.prepared.take(session_->call_sid(), *this);
    if (!utterance_) utterance_ = speak(loop_, session_->call_sid(), request, *this);
}

void MediaStream::move_to(LoopServices& home, Ticket ticket) {
    auto released = socket_.release();
    gone_ = true;
    deadline_.disarm();
    auto luggage = std::make_shared<Luggage>(std::move(session_), std::move(released.stream),
                                             std::move(released.unread), connection_id_, std::move(ticket));
    loop_.let_go(*this);
    home.events.post([&home, luggage] { carry_on(home, luggage); });
}

void MediaStream::carry_on(LoopServices& loop, const std::shared_ptr<Luggage>& luggage) {
    // The socket needs a handler from its first moment; the stream itself takes over in its constructor.
    struct Nobody final : net::Connection::Handler {
        void on_bytes(std::span<char>) override {}
        void on_closed(net::CloseReason) override {}
    } static nobody;
    auto connection = std::make_unique<net::Connection>(loop.events, std::move(luggage->stream), nobody);
    const bool registered = connection->start();
    std::unique_ptr<MediaStream> stream(
        new MediaStream(loop, std::move(luggage->session), luggage->connection_id, std::move(connection)));
    MediaStream& arrived = *stream;
    loop.keep(std::move(stream));
    if (!registered) return arrived.on_closed(websocket::close_code::lost, "");
    arrived.begin(std::move(luggage->ticket.plan));
    arrived.drain();
    if (arrived.session_ && !luggage->unread.empty()) arrived.socket_.start(luggage->unread);
}

// Should this server die, another one goes on with it: at any time until the longest call is over.
void MediaStream::share_rest() {
    if (progress_noted_ == session_->progress()) return;
    progress_noted_ = session_->progress();
    if (!loop_.shared_speech.shares()) return;
    const call::CallPlan rest = session_->rest();
    const auto at_most = rest.call_duration_max.value_or(loop_.switchboard.options.session.call_duration_max);
    loop_.shared_speech.keep_rest(session_->call_sid(), rest, std::chrono::ceil<std::chrono::seconds>(at_most));
    rest_shared_ = true;
}

// Of a call that goes on, Twilio asks what next.
void MediaStream::leave_directory(call::Outcome outcome) {
    const auto now = loop_.events.now();
    if (session_->goes_on()) {
        loop_.switchboard.interrupted.keep(session_->call_sid(), session_->rest(), now);
        loop_.shared_speech.keep_rest(session_->call_sid(), session_->rest(), loop_.switchboard.interrupted.life());
        if (ends_the_call(outcome)) outcome = call::Outcome::connection_lost;
    } else if (ends_the_call(outcome)) {
        loop_.shared_speech.keep_end(session_->call_sid(), loop_.switchboard.interrupted.life());
    } else if (rest_shared_) {
        loop_.shared_speech.forget_rest(session_->call_sid());
    }
    loop_.switchboard.directory.closed(connection_id_, outcome, now);
}

void MediaStream::end(call::Outcome outcome) {
    if (outcome == call::Outcome::timed_out) {
        loop_.events.limits().reached(session_->call_sid().empty() ? Limit::start_time : Limit::call_time);
    }
    utterance_.reset();
    asked_.reset();
    deadline_.disarm();
    if (recording_) recording_->finish(loop_.events.now());
    const call::Totals totals = session_->totals();
    spdlog::info(
        "stream closed connection={} call_sid={} stream_sid={} outcome={} sent_s={:.2f} heard_s={:.2f} underruns={} "
        "media_in={} ignored={} first_media_ms={:.2f}",
        connection_id_, session_->call_sid(), session_->stream_sid(), name_of(outcome), in_seconds(totals.sent),
        in_seconds(totals.heard), totals.underruns, totals.media_in, totals.ignored,
        totals.start_to_first_media ? in_seconds(*totals.start_to_first_media) * 1e3 : -1.0);
    loop_.switchboard.metrics.stream_closed(outcome, totals);
    if (totals.start_to_first_media) loop_.switchboard.metrics.first_media(*totals.start_to_first_media);
    if (session_->was_authorised()) loop_.switchboard.events.ended(*session_, outcome);
    leave_directory(outcome);
    loop_.switchboard.number_places.closed(session_->call_sid(), connection_id_);
    loop_.call_closed(session_->call_sid(), *this);
    loop_.switchboard.calls.closed(
        session_->call_sid(), session_->stream_sid(),
        {.outcome = outcome, .totals = totals, .digits = session_->digits(), .utterances = session_->utterances()},
        loop_.events.now());
    loop_.switchboard.events.changed(session_->call_sid());
    session_.reset();
    loop_.let_go(*this);
}

}  // namespace gateway
