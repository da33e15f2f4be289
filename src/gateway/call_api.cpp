#include "gateway/call_api.hpp"

#include "encoding/form.hpp"
#include "gateway/call_page.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/media_stream.hpp"
#include "gateway/speech_wish.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>
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

// The call as it stands, on its own loop; of an open one with what its stream knows.
http::Response page_of(const MediaStream& stream, const std::string& call_sid) {
    LoopServices& loop = stream.loop();
    auto call = loop.switchboard.calls.find(call_sid);
    if (!call) return no_such_call();
    if (const StreamSession* session = stream.session()) add_stream(*call, *session);
    return json_page(200, call_page(*call, loop.events.now()));
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

struct Selection {
    std::optional<CallState> state{};
    std::size_t limit = 100;
};

std::expected<Selection, std::string> read_selection(std::string_view query) {
    constexpr std::size_t limit_max = 1'000;
    const auto fields = encoding::parse_form(query).value_or(encoding::FormFields{});
    Selection wanted;
    if (const auto state = encoding::find(fields, "state")) {
        for (const CallState known : {CallState::waiting, CallState::open, CallState::ended}) {
            if (*state == name_of(known)) wanted.state = known;
        }
        if (!wanted.state) return std::unexpected("state must be one of: waiting, open, ended.");
    }
    if (const auto limit = encoding::find(fields, "limit")) {
        const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), wanted.limit);
        if (error != std::errc{} || end != limit->data() + limit->size() || wanted.limit == 0 ||
            wanted.limit > limit_max) {
            return std::unexpected(fmt::format("limit must be a whole number from 1 to {}.", limit_max));
        }
    }
    return wanted;
}

}  // namespace

void CallApi::list(const ExchangePointer& exchange) {
    const auto wanted = read_selection(exchange->request().query());
    if (!wanted) return exchange->answer(unprocessable(wanted.error()));
    json::array calls;
    const auto now = loop_.events.now();
    for (const CallRecord& call : loop_.switchboard.calls.list(wanted->state, wanted->limit)) {
        calls.push_back(call_summary(call, now));
    }
    exchange->answer(json_page(200, {{"calls", std::move(calls)}}));
}

void CallApi::show(const ExchangePointer& exchange, const std::string& call_sid) {
    const auto call = loop_.switchboard.calls.find(call_sid);
    if (!call) return exchange->answer(no_such_call());
    if (call->state != CallState::open) return exchange->answer(json_page(200, call_page(*call, loop_.events.now())));
    const auto show = [call_sid](const MediaStream& stream) { return page_of(stream, call_sid); };
    control(call_sid, show, [this, exchange, call_sid](const http::Response& response) {
        if (response.status != 409) return exchange->answer(response);
        const auto ended = loop_.switchboard.calls.find(call_sid);  // while we asked
        exchange->answer(ended ? json_page(200, call_page(*ended, loop_.events.now())) : no_such_call());
    });
}

void CallApi::say(const ExchangePointer& exchange, const std::string& call_sid) {
    const auto body = json_body(exchange->request());
    if (!body) return exchange->answer(body.error());
    // Without a voice in it, it is said in the call's, which its own loop knows.
    const auto wished = [body = *body](const speech::Voice& voice) -> std::expected<speech::Request, std::string> {
        SpeechWish wish{.settings = voice.settings};
        if (auto fault = read_wish(body, wish)) return std::unexpected(std::move(*fault));
        return speech_request(std::move(wish), voice);
    };
    if (const auto request = wished({}); !request) return exchange->answer(unprocessable(request.error()));
    const auto mode = read_choice(*body, "mode", {"queue", "interrupt"});
    if (!mode) return exchange->answer(unprocessable(mode.error()));
    const auto how = *mode == "queue" ? StreamSession::SayMode::queue : StreamSession::SayMode::interrupt;
    once(exchange, call_sid, [wished, how](MediaStream& stream) {
        const auto say = [&](StreamSession& session, Instant now) {
            return session.say(wished(session.voice()).value(), how, now);
        };
        return accepted(stream, stream.steer(say));
    });
}

void CallApi::mark(const ExchangePointer& exchange, const std::string& call_sid) {
    constexpr std::size_t name_bytes_max = 128;
    const auto body = json_body(exchange->request());
    if (!body) return exchange->answer(body.error());
    std::string name;
    if (const auto fault = read_string(*body, "name", name)) return exchange->answer(unprocessable(*fault));
    if (name.empty() || name.size() > name_bytes_max)
        return exchange->answer(unprocessable(fmt::format("name must have 1 to {} bytes.", name_bytes_max)));
    once(exchange, call_sid, [name](MediaStream& stream) {
        return accepted(stream,
                        stream.steer([&](StreamSession& session, Instant now) { return session.mark(name, now); }));
    });
}

void CallApi::clear(const ExchangePointer& exchange, const std::string& call_sid) {
    once(exchange, call_sid, [call_sid](MediaStream& stream) {
        stream.steer([](StreamSession& session, Instant now) { return session.clear(now); });
        return page_of(stream, call_sid);
    });
}

void CallApi::hang_up(const ExchangePointer& exchange, const std::string& call_sid) {
    const auto body = json_body(exchange->request());
    if (!body) return exchange->answer(body.error());
    const auto when = read_choice(*body, "when", {"now", "after_speech"});
    if (!when) return exchange->answer(unprocessable(when.error()));
    const auto hang_up = *when == "now" ? StreamSession::HangUp::now : StreamSession::HangUp::after_speech;
    once(exchange, call_sid, [call_sid, hang_up](MediaStream& stream) {
        stream.steer([&](StreamSession& session, Instant now) { return session.hang_up(hang_up, now); });
        return page_of(stream, call_sid);
    });
}

void CallApi::once(const ExchangePointer& exchange, const std::string& call_sid, Work work) {
    answer_once(loop_, exchange, [&](const Reply& reply) { control(call_sid, std::move(work), reply); });
}

void CallApi::place(const ExchangePointer& exchange) {
    const std::string base = loop_.switchboard.origins.of(exchange->request(), exchange->peer()).base_url();
    answer_once(loop_, exchange, [&](const Reply& reply) { placement_.place(exchange->request(), base, reply); });
}

void CallApi::control(const std::string& call_sid, Work work, Reply reply) {
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
