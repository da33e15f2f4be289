#pragma once
// Frames written by hand, so that the codec is not tested against itself, and what a decoder makes of them.

#include "websocket/codec.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace websocket::testing {

struct Frame {
    unsigned opcode;
    std::string payload;
    bool final = true;
    unsigned rsv = 0;
};

inline std::string wire(const Frame& frame, Role receiver) {
    const bool masked = receiver == Role::server;
    std::string out;
    const auto put = [&out](std::uint64_t byte) { out += static_cast<char>(byte & 0xFF); };
    put((frame.final ? 0x80U : 0U) | frame.rsv << 4 | frame.opcode);
    const std::uint64_t size = frame.payload.size();
    const unsigned mask = masked ? 0x80 : 0;
    if (size < 126) {
        put(mask | size);
    } else if (size < 65536) {
        put(mask | 126);
        for (int shift = 8; shift >= 0; shift -= 8) put(size >> shift);
    } else {
        put(mask | 127);
        for (int shift = 56; shift >= 0; shift -= 8) put(size >> shift);
    }
    constexpr std::string_view key = "\x37\xFA\x21\x3D";
    if (masked) out += key;
    for (std::size_t i = 0; i < size; ++i)
        out += masked ? static_cast<char>(frame.payload[i] ^ key[i % 4]) : frame.payload[i];
    return out;
}

inline std::string wire(const std::vector<Frame>& frames, Role receiver) {
    std::string out;
    for (const Frame& frame : frames) out += wire(frame, receiver);
    return out;
}

inline std::string describe(const Event& event) {
    struct {
        std::string operator()(const Text& e) const { return "text:" + std::string(e.text); }
        std::string operator()(const Binary& e) const {
            return "binary:" + std::string(e.bytes.begin(), e.bytes.end());
        }
        std::string operator()(const Ping& e) const {
            return "ping:" + std::string(e.payload.begin(), e.payload.end());
        }
        std::string operator()(const Pong& e) const {
            return "pong:" + std::string(e.payload.begin(), e.payload.end());
        }
        std::string operator()(const Close& e) const {
            return "close:" + std::to_string(e.code) + ":" + std::string(e.reason);
        }
    } visitor;
    return std::visit(visitor, event);
}

using Log = std::vector<std::string>;

// Feeds one input and appends everything that came of it.
inline void drain(Decoder& decoder, std::string input, Log& log) {
    decoder.feed(input);
    for (;;) {
        const auto event = decoder.next();
        if (!event) {
            log.push_back("violation:" + std::to_string(event.error().code));
        } else if (*event) {
            log.push_back(describe(**event));
        } else {
            return;
        }
    }
}

// `cut(rest)` says how many of the remaining bytes come next.
template <typename Cut>
Log decode(std::string_view bytes, Decoder::Options options, Cut cut) {
    Decoder decoder(options);
    Log log;
    while (!bytes.empty()) {
        const std::size_t size = cut(bytes.size());
        drain(decoder, std::string(bytes.substr(0, size)), log);
        bytes.remove_prefix(size);
    }
    return log;
}

inline Log decode_whole(std::string_view bytes, Decoder::Options options) {
    return decode(bytes, options, [](std::size_t rest) { return rest; });
}

inline Log decode_bytewise(std::string_view bytes, Decoder::Options options) {
    return decode(bytes, options, [](std::size_t) { return std::size_t{1}; });
}

inline Log decode_randomly(std::string_view bytes, Decoder::Options options, unsigned seed) {
    std::minstd_rand random(seed);
    return decode(bytes, options, [&random](std::size_t rest) {
        const std::size_t reach = random() % 2 == 0 ? 8 : rest;
        return std::size_t{1} + random() % std::min(reach, rest);
    });
}

}  // namespace websocket::testing
