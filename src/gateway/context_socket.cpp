#include "gateway/context_socket.hpp"

#include "audio/mulaw.hpp"
#include "gateway/socket_failure.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace gateway {

using speech::Failure;

class ContextSocket::SocketUtterance final : public speech::Utterance {
public:
    SocketUtterance(ContextSocket& socket, std::string id) : socket_(&socket), id_(std::move(id)) {}
    ~SocketUtterance() override {
        if (socket_ != nullptr) socket_->cancel(id_);
    }
    void detach() { socket_ = nullptr; }

private:
    ContextSocket* socket_;  // null when the context has ended
    const std::string id_;
};

ContextSocket::ContextSocket(net::EventLoop& loop, const Options& options, elevenlabs::SocketVoice voice,
                             net::WebSocketTarget target, Owner& owner)
    : loop_(loop),
      options_(options),
      voice_(std::move(voice)),
      owner_(owner),
      heard_at_(loop.now()),
      idle_since_(heard_at_),
      connector_(std::make_unique<net::WebSocketConnector>(loop, std::move(target),
                                                           [this](auto result) { on_connected(std::move(result)); })) {}

bool ContextSocket::takes_contexts(net::Instant now) const {
    if (!usable() || contexts_.size() >= elevenlabs::socket_contexts_max) return false;
    if (idle() && !connecting()) return true;
    const auto waits_since = idle() ? heard_at_ : std::max(heard_at_, contexts_.front().asked_at);
    return now - waits_since < options_.silence_max;
}

std::unique_ptr<speech::Utterance> ContextSocket::say(const elevenlabs::SpeechRequest& request,
                                                      speech::Listener& listener) {
    const std::string id = std::to_string(++contexts_ever_);
    auto utterance = std::make_unique<SocketUtterance>(*this, id);
    contexts_.push_back({.id = id,
                         .utterance = utterance.get(),
                         .listener = &listener,
                         .asked_at = loop_.now(),
                         .opening = elevenlabs::open_context(id, request.settings),
                         .text = Secret(elevenlabs::speak_in_context(id, request.text))});
    if (state_ == State::open) speak(contexts_.back());
    return utterance;
}

void ContextSocket::speak(Context& context) {
    socket_->send_text(std::exchange(context.opening, {}));
    socket_->send_text(std::exchange(context.text, {}).reveal());
}

void ContextSocket::on_connected(std::expected<net::WebSocketConnector::Opened, net::WebSocketRefusal> result) {
    connector_.reset();
    if (!result) {
        spdlog::debug("elevenlabs socket not opened reason={:?}", result.error().reason);
        state_ = State::ended;
        return break_off(upgrade_failure(result.error()));
    }
    state_ = State::open;
    heard_at_ = idle_since_ = loop_.now();
    socket_ = std::make_unique<net::WebSocket>(
        std::move(result->connection),
        net::WebSocket::Options{.role = websocket::Role::client,
                                .message_bytes_max = elevenlabs::socket_frame_bytes_max},
        static_cast<net::WebSocket::Handler&>(*this));
    for (Context& context : contexts_) speak(context);
    owner_.on_change();
    socket_->start(result->early);
}

void ContextSocket::on_text(std::string_view text) {
    heard_at_ = loop_.now();
    auto frame = elevenlabs::read_socket_frame(text);
    if (!frame) {  // whose it is, and what else was lost, nobody knows
        retired_ = true;
        return break_off({Failure::Kind::unavailable, "unreadable frame"});
    }
    if (frame->error) return on_error(*frame);
    const std::string id = frame->context_id;
    const bool is_final = frame->is_final;
    if (const auto context = find(id); context != contexts_.end()) {
        context->speaks_until = std::max(context->speaks_until, frame->speaks_until);
        if (!frame->audio.empty()) on_audio(*context, *frame);
    }
    // Again, because the listener may have cancelled it, or begun others. Frames of contexts long gone find none.
    if (!is_final) return;
    if (const auto context = find(id); context != contexts_.end()) hand_over(*context, context->joiner.rest());
    if (const auto context = find(id); context != contexts_.end()) end(context, fault_of_final(*context));
}

void ContextSocket::hand_over(Context& context, audio::Clip clip) {
    if (!clip.empty() && context.listener != nullptr) context.listener->on_audio(std::move(clip));  // may cancel it
}

// The last word may come too early: without any audio, as when the credits are used up, or in the middle of the text.
std::optional<Failure> ContextSocket::fault_of_final(const Context& context) {
    constexpr std::chrono::milliseconds tolerance{300};
    if (context.audio_bytes == 0) return Failure{Failure::Kind::unavailable, "no audio"};
    const bool whole = audio::duration_of(context.audio_bytes) + tolerance >= context.speaks_until;
    return whole ? std::nullopt : std::optional(Failure{Failure::Kind::unavailable, "audio cut short"});
}

void ContextSocket::on_audio(Context& context, const elevenlabs::SocketFrame& frame) {
    if (context.audio_bytes == 0) owner_.on_spoke(*this);
    context.audio_bytes += frame.audio.size();
    if (!context.close_sent && !frame.is_final) send_close(context);
    if (context.listener == nullptr) return;
    if (context.audio_bytes <= options_.audio_bytes_max) return hand_over(context, context.joiner.add(frame.audio));
    speech::Listener& listener = *context.listener;
    context.utterance->detach();
    cancel(context.id);
    listener.on_failed({Failure::Kind::cancelled_by_limit, "too much audio"});
}

// It is followed by a close, mostly 0.8 s later. Nobody waits for that.
void ContextSocket::on_error(const elevenlabs::SocketFrame& frame) {
    spdlog::debug("elevenlabs socket failed reason={:?}", frame.error->code);
    retired_ = true;
    const Failure failure = socket_failure(*frame.error);
    const auto context = find(frame.context_id);
    if (context == contexts_.end()) return break_off(failure);
    if (!std::exchange(broke_, true)) owner_.on_broke(*this, failure);
    end(context, failure);
}

void ContextSocket::on_binary(std::span<const char>) {
    heard_at_ = loop_.now();  // all that is said is said as text
}

void ContextSocket::on_closed(std::uint16_t code, std::string_view) {
    spdlog::debug("elevenlabs socket closed code={} contexts={}", code, contexts_ever_);
    const State before = std::exchange(state_, State::ended);
    if (before == State::open) return break_off(close_failure(code));
    owner_.on_change();
}

void ContextSocket::break_off(const Failure& failure) {
    if (!std::exchange(broke_, true)) owner_.on_broke(*this, failure);
    owner_.on_change();
    fail_all(failure);
}

// One by one, because each may cancel others.
void ContextSocket::fail_all(const Failure& failure) {
    while (!contexts_.empty()) end(contexts_.begin(), failure);
}

// The listener is called last, and not at all when the context was cancelled.
void ContextSocket::end(Contexts::iterator context, std::optional<Failure> failure) {
    const Context ended = std::move(*context);
    contexts_.erase(context);
    idle_since_ = loop_.now();
    owner_.on_change();
    if (ended.listener == nullptr) return;
    ended.utterance->detach();
    if (failure) {
        ended.listener->on_failed(*std::move(failure));
    } else {
        ended.listener->on_finished();
    }
}

void ContextSocket::cancel(std::string_view id) {
    const auto context = find(id);
    if (context == contexts_.end()) return;
    if (state_ == State::connecting) {
        contexts_.erase(context);  // the server has not heard of it
    } else {
        context->utterance = nullptr;
        context->listener = nullptr;
        context->cancelled_at = loop_.now();
    }
    owner_.on_change();
}

void ContextSocket::send_close(Context& context) {
    context.close_sent = true;
    socket_->send_text(elevenlabs::close_context(context.id));
}

void ContextSocket::close() {
    contexts_.clear();
    if (state_ == State::connecting) {
        connector_.reset();
        state_ = State::ended;
    } else if (state_ == State::open) {
        state_ = State::closing;
        socket_->send_text(elevenlabs::close_socket());
        socket_->close(websocket::close_code::normal, "");
    }
}

std::optional<net::Instant> ContextSocket::tend(net::Instant now) {
    if (state_ != State::open) return std::nullopt;
    std::optional<net::Instant> next;
    for (Context& context : contexts_) {
        if (context.listener != nullptr) continue;
        const auto close_at = context.cancelled_at + options_.cancelled_silence_max;
        const auto final_by = context.cancelled_at + options_.cancelled_final_max;
        if (!context.close_sent && now >= close_at) send_close(context);
        if (now >= final_by) retired_ = true;
        const auto due = context.close_sent ? final_by : close_at;
        if (due > now) next = next ? std::min(*next, due) : due;
    }
    if (retired_ && !has_listener()) close();
    return next;
}

bool ContextSocket::has_listener() const {
    return std::ranges::any_of(contexts_, [](const Context& context) { return context.listener != nullptr; });
}

ContextSocket::Contexts::iterator ContextSocket::find(std::string_view id) {
    return std::ranges::find(contexts_, id, &Context::id);
}

}  // namespace gateway
