#include "gateway/speech_sockets.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

using std::chrono::milliseconds;

SpeechSockets::SpeechSockets(net::EventLoop& loop, Options options)
    : loop_(loop), options_(std::move(options)), used_at_(loop.now()), tending_(loop.timers(), [this] { tend(); }) {
    tend_soon();
}

SpeechSockets::~SpeechSockets() = default;

std::unique_ptr<speech::Utterance> SpeechSockets::say(const elevenlabs::SpeechRequest& request,
                                                      speech::Listener& listener) {
    const elevenlabs::SocketVoice voice{request.voice_id, request.model_id, request.language_code};
    used_at_ = loop_.now();
    ContextSocket* socket = find(voice, used_at_);
    if (socket == nullptr && (!full() || spare_idle_one())) socket = open(voice);
    if (socket == nullptr) return nullptr;
    tend_soon();
    return socket->say(request, listener);
}

ContextSocket* SpeechSockets::find(const elevenlabs::SocketVoice& voice, net::Instant now) const {
    const auto better = [](const ContextSocket& a, const ContextSocket& b) {
        if (a.connecting() != b.connecting()) return b.connecting();
        return a.contexts() != b.contexts() ? a.contexts() > b.contexts() : a.idle_since() > b.idle_since();
    };
    ContextSocket* best = nullptr;
    for (const auto& socket : sockets_) {
        if (socket->voice() != voice || !socket->takes_contexts(now) || outlived(*socket, now)) continue;
        if (best == nullptr || better(*socket, *best)) best = socket.get();
    }
    return best;
}

// The caller has looked whether there is room for one more.
ContextSocket* SpeechSockets::open(const elevenlabs::SocketVoice& voice) {
    auto target = net::parse_websocket_url(options_.url + elevenlabs::socket_target(voice));
    if (!target) return nullptr;
    target->headers = {{"xi-api-key", options_.api_key.reveal()}};
    target->authorities = options_.authorities;
    target->timeout = options_.connect_timeout;
    ++opened_;
    return sockets_
        .emplace_back(std::make_unique<ContextSocket>(loop_, options_.socket, voice, *std::move(target),
                                                      static_cast<ContextSocket::Owner&>(*this)))
        .get();
}

bool SpeechSockets::full() const {
    const auto counts = [](const auto& socket) { return !socket->ended(); };
    return static_cast<std::size_t>(std::ranges::count_if(sockets_, counts)) >= options_.sockets_max;
}

// Makes room for another voice.
bool SpeechSockets::spare_idle_one() {
    ContextSocket* oldest = nullptr;
    for (const auto& socket : sockets_) {
        const bool may_go = socket->usable() && socket->idle();
        if (may_go && (oldest == nullptr || socket->idle_since() < oldest->idle_since())) oldest = socket.get();
    }
    if (oldest == nullptr) return false;
    oldest->close();
    return true;
}

bool SpeechSockets::outlived(const ContextSocket& socket, net::Instant now) const {
    return socket.idle() && !socket.connecting() && now >= socket.idle_since() + options_.idle_max;
}

void SpeechSockets::tend_soon() {
    wake_by(loop_.now());
}

void SpeechSockets::wake_by(net::Instant when) {
    if (!tending_.armed() || when < tending_.when()) tending_.arm(when);
}

void SpeechSockets::tend() {
    const auto now = loop_.now();
    for (const auto& socket : sockets_) {
        if (const auto due = socket->tend(now)) wake_by(*due);
        if (socket->usable() && socket->idle() && !socket->connecting()) tend_idle(*socket, now);
    }
    std::erase_if(sockets_, [](const auto& socket) { return socket->ended(); });
    keep_ahead(now);
}

void SpeechSockets::tend_idle(ContextSocket& socket, net::Instant now) {
    if (outlived(socket, now)) {
        failures_ = 0;  // a refusal would have come long ago
        return socket.close();
    }
    wake_by(now < renew_at(socket) ? renew_at(socket) : socket.idle_since() + options_.idle_max);
}

void SpeechSockets::keep_ahead(net::Instant now) {
    if (now >= used_at_ + options_.warm_for) return;
    while (contexts_ready(now) < options_.contexts_ahead && !full()) {
        if (now < not_before_) return wake_by(not_before_);
        if (open(options_.default_voice) == nullptr) return;
    }
}

// A socket about to be renewed does not count, so its successor is there before it goes.
std::size_t SpeechSockets::contexts_ready(net::Instant now) const {
    std::size_t ready = 0;
    for (const auto& socket : sockets_) {
        const bool lasts =
            socket->connecting() || (socket->takes_contexts(now) && !(socket->idle() && now >= renew_at(*socket)));
        if (socket->voice() == options_.default_voice && lasts)
            ready += elevenlabs::socket_contexts_max - socket->contexts();
    }
    return ready;
}

void SpeechSockets::on_spoke(const ContextSocket&) {
    failures_ = 0;
    not_before_ = {};
}

void SpeechSockets::on_broke(const ContextSocket& socket, const speech::Failure& failure) {
    const bool of_account = failure.scope == speech::Failure::Scope::account;
    if (socket.voice() != options_.default_voice && !of_account) return;
    constexpr int doublings_max = 20;
    const milliseconds doubled = options_.backoff_min * (1 << std::min(failures_++, doublings_max));
    const bool passing = speech::is_transient(failure.kind);
    const milliseconds backoff = passing ? std::min(doubled, options_.backoff_max) : options_.refused_backoff;
    std::uniform_int_distribution<std::int64_t> drawn(backoff.count() / 2, backoff.count());
    not_before_ = loop_.now() + milliseconds{drawn(random_)};
}

SpeechSockets::Figures SpeechSockets::figures() const {
    Figures figures{.opened = opened_};
    for (const auto& socket : sockets_) {
        if (socket->ended()) continue;
        ++figures.sockets;
        figures.contexts += socket->contexts();
    }
    return figures;
}

}  // namespace gateway
