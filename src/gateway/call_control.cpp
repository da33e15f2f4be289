#include "gateway/call_control.hpp"

#include "gateway/call_lists.hpp"
#include "gateway/call_page.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/media_stream.hpp"
#include "gateway/speech_wish.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace gateway {

namespace json = boost::json;
using call::StreamSession;

namespace {

http::Response unprocessable(const std::string& detail) {
    return http::error(422, detail);
}

http::Response no_such_call() {
    return http::error(404, "No call of that CallSid is known here.");
}

http::Response not_open(CallState state) {
    return http::error(409,
                       state == CallState::waiting ? "The call's stream has not opened yet." : "The call has ended.");
}

http::Response refused(StreamSession::Refused why) {
    if (why == StreamSession::Refused::not_open) return not_open(CallState::ended);
    http::Response response = http::error(429, "Too much is waiting to be heard on this call.");
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

// Where several servers have the calls between them, a page says whose it is.
http::Response page_on(const LoopServices& loop, const CallRecord& call) {
    json::object page = call_page(call, loop.events.now());
    if (loop.store) page["instance"] = loop.switchboard.instance;
    return json_page(200, page);
}

// The call as it stands, on its own loop; of an open one with what its stream knows.
http::Response page_of(const MediaStream& stream, const std::string& call_sid) {
    LoopServices& loop = stream.loop();
    auto call = loop.switchboard.calls.find(call_sid);
    if (!call) return no_such_call();
    if (const StreamSession* session = stream.session()) add_stream(*call, *session);
    return page_on(loop, *call);
}

http::Response accepted(const MediaStream& stream, std::expected<call::UtteranceId, StreamSession::Refused> id) {
    if (!id) return refused(id.error());
    const StreamSession* session = stream.session();
    if (session == nullptr) return not_open(CallState::ended);
    for (const call::UtteranceRecord& utterance : session->utterances()) {
        if (utterance.id != *id) continue;
        return json_page(202, {{"call_sid", session->call_sid()},
                               {"utterance", utterance_page(utterance, stream.loop().events.now())}});
    }
    return not_open(CallState::ended);
}

}  // namespace

void CallControl::perform(CallAction action, const http::Request& request, const std::string& call_sid,
                          const Reply& reply) {
    switch (action) {
        case CallAction::list:
            return reply(list(request));
        case CallAction::show:
            return show(call_sid, reply);
        case CallAction::say:
            return say(request, call_sid, reply);
        case CallAction::clear:
            return clear(request, call_sid, reply);
        case CallAction::mark:
            return mark(request, call_sid, reply);
        case CallAction::hang_up:
            return hang_up(request, call_sid, reply);
    }
}

http::Response CallControl::list(const http::Request& request) {
    const auto wanted = read_selection(request.query());
    if (!wanted) return unprocessable(wanted.error());
    json::array calls;
    const auto now = loop_.events.now();
    for (const CallRecord& call : loop_.switchboard.calls.list(wanted->state, wanted->limit))
        calls.push_back(call_summary(call, now));
    return json_page(200, {{"calls", std::move(calls)}});
}

void CallControl::show(const std::string& call_sid, const Reply& reply) {
    const auto call = loop_.switchboard.calls.find(call_sid);
    if (!call) return reply(no_such_call());
    if (call->state != CallState::open) return reply(page_on(loop_, *call));
    const auto show = [call_sid](const MediaStream& stream) { return page_of(stream, call_sid); };
    control(call_sid, show, [this, reply, call_sid](const http::Response& response) {
        if (response.status != 409) return reply(response);
        const auto ended = loop_.switchboard.calls.find(call_sid);  // while we asked
        reply(ended ? page_on(loop_, *ended) : no_such_call());
    });
}

void CallControl::say(const http::Request& request, const std::string& call_sid, const Reply& reply) {
    const auto body = json_body(request);
    if (!body) return reply(body.error());
    // Without a voice in it, it is said in the call's, which its own loop knows.
    const auto wished = [body = *body](const speech::Voice& voice) -> std::expected<speech::Request, std::string> {
        SpeechWish wish{.settings = voice.settings};
        if (auto fault = read_wish(body, wish)) return std::unexpected(std::move(*fault));
        return speech_request(std::move(wish), voice);
    };
    if (const auto fits = wished({}); !fits) return reply(unprocessable(fits.error()));
    const auto mode = read_choice(*body, "mode", {"queue", "interrupt"});
    if (!mode) return reply(unprocessable(mode.error()));
    const auto how = *mode == "queue" ? StreamSession::SayMode::queue : StreamSession::SayMode::interrupt;
    once(request, reply, call_sid, [wished, how](MediaStream& stream) {
        const auto say = [&](StreamSession& session, Instant now) {
            return session.say(wished(session.voice()).value(), how, now);
        };
        return accepted(stream, stream.steer(say));
    });
}

void CallControl::mark(const http::Request& request, const std::string& call_sid, const Reply& reply) {
    constexpr std::size_t name_bytes_max = 128;
    const auto body = json_body(request);
    if (!body) return reply(body.error());
    std::string name;
    if (const auto fault = read_string(*body, "name", name)) return reply(unprocessable(*fault));
    if (name.empty() || name.size() > name_bytes_max)
        return reply(unprocessable(fmt::format("name must have 1 to {} bytes.", name_bytes_max)));
    once(request, reply, call_sid, [name](MediaStream& stream) {
        return accepted(stream,
                        stream.steer([&](StreamSession& session, Instant now) { return session.mark(name, now); }));
    });
}

void CallControl::clear(const http::Request& request, const std::string& call_sid, const Reply& reply) {
    once(request, reply, call_sid, [call_sid](MediaStream& stream) {
        stream.steer([](StreamSession& session, Instant now) { return session.clear(now); });
        return page_of(stream, call_sid);
    });
}

void CallControl::hang_up(const http::Request& request, const std::string& call_sid, const Reply& reply) {
    const auto body = json_body(request);
    if (!body) return reply(body.error());
    const auto when = read_choice(*body, "when", {"now", "after_speech"});
    if (!when) return reply(unprocessable(when.error()));
    const auto hang_up = *when == "now" ? StreamSession::HangUp::now : StreamSession::HangUp::after_speech;
    once(request, reply, call_sid, [call_sid, hang_up](MediaStream& stream) {
        stream.steer([&](StreamSession& session, Instant now) { return session.hang_up(hang_up, now); });
        return page_of(stream, call_sid);
    });
}

void CallControl::once(const http::Request& request, const Reply& reply, const std::string& call_sid, Work work) {
    answer_once(loop_, request, reply, [&](const Reply& done) { control(call_sid, std::move(work), done); });
}

void CallControl::control(const std::string& call_sid, Work work, Reply reply) {
    const auto call = loop_.switchboard.calls.find(call_sid);
    if (!call) return reply(no_such_call());
    if (call->state != CallState::open) return reply(not_open(call->state));
    const auto perform = [call_sid, work = std::move(work)](LoopServices& home) {
        MediaStream* const stream = home.stream_of(call_sid);
        return stream != nullptr ? work(*stream) : not_open(CallState::ended);
    };
    LoopServices& home = *loop_.switchboard.loops[call->loop];
    if (&home == &loop_) return reply(perform(loop_));
    // Both ways through mailboxes: at the program's end a loop may be gone before the other one's last work.
    home.mailbox->post([&home, perform, reply = std::move(reply), here = loop_.mailbox]() mutable {
        here->post([response = perform(home), reply = std::move(reply)] { reply(response); });
    });
}

}  // namespace gateway
