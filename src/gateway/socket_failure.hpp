#pragma once
// What a WebSocket's troubles mean to the speech chain. Reasons label a metric, so there are few of them.

#include "elevenlabs/speech_message.hpp"
#include "net/websocket_client.hpp"
#include "speech/speech_source.hpp"

#include <cstdint>

namespace gateway {

// An error frame.
speech::Failure socket_failure(const elevenlabs::ErrorReply& error);

// No 101. A proxy that will not have WebSockets may answer anything: only a code of ElevenLabs' own says something of
// the key or the voice.
speech::Failure upgrade_failure(const net::WebSocketRefusal& refusal);

// A close without an error frame before it.
speech::Failure close_failure(std::uint16_t close_code);

}  // namespace gateway
