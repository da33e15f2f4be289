#include "gateway/socket_failure.hpp"

#include "websocket/codec.hpp"

#include <string>

namespace gateway {

using speech::Failure;

Failure socket_failure(const elevenlabs::ErrorReply& error) {
    switch (error.blame) {
        case elevenlabs::Blame::voice:
            return {Failure::Kind::unknown_voice, error.code};
        case elevenlabs::Blame::key:
        case elevenlabs::Blame::account:
            return {Failure::Kind::refused, error.code, Failure::Scope::account};
        case elevenlabs::Blame::busy:
            return {Failure::Kind::busy, error.code};
        case elevenlabs::Blame::request:
            // It may be our messages that it dislikes rather than the text. "refused" would bar HTTP too, which asks
            // for the same in another way.
            return {Failure::Kind::unavailable, error.code, Failure::Scope::source};
        case elevenlabs::Blame::upstream:
            break;
    }
    return {Failure::Kind::unavailable, error.code};
}

Failure upgrade_failure(const net::WebSocketRefusal& refusal) {
    if (refusal.status == 0) return {Failure::Kind::unavailable, "connection failed"};
    const auto error = elevenlabs::read_error(0, refusal.body);
    const bool speaks_of_request = error.blame != elevenlabs::Blame::upstream;
    if (speaks_of_request) return socket_failure(error);
    // Who says no to the upgrade will say so again at once.
    const bool final = refusal.status < 500 && refusal.status != 408 && refusal.status != 429;
    return {Failure::Kind::unavailable, "http_" + std::to_string(refusal.status),
            final ? Failure::Scope::source : Failure::Scope::attempt};
}

Failure close_failure(std::uint16_t close_code) {
    namespace codes = websocket::close_code;
    switch (close_code) {
        case codes::lost:
            return {Failure::Kind::unavailable, "cut off"};
        case codes::normal:
        case codes::going_away:
        case codes::policy:
        case codes::too_big:
        case codes::internal:
        case codes::restart:
            return {Failure::Kind::unavailable, "closed with " + std::to_string(close_code)};
        default:
            return {Failure::Kind::unavailable, "closed"};
    }
}

}  // namespace gateway
