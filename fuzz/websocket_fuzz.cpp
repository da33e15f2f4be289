// Whatever a peer sends: the events do not depend on how the input is cut, and what the decoder accepts survives being
// encoded and decoded again.
//
// Input: one byte of role, one that seeds the cutting, then the bytes on the wire.

#include "websocket/codec.hpp"
#include "websocket/masking.hpp"
#include "websocket/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace websocket;

namespace {

constexpr std::size_t limit = 2000;

struct Entry {
    Opcode opcode;  // continuation stands for a violation
    std::uint16_t code;
    std::string bytes;
    bool operator==(const Entry&) const = default;
};

void require(bool condition) {
    if (!condition) std::abort();
}

Entry entry(const Event& event) {
    struct {
        Entry operator()(const Text& e) const { return {Opcode::text, 0, std::string(e.text)}; }
        Entry operator()(const Binary& e) const { return {Opcode::binary, 0, {e.bytes.begin(), e.bytes.end()}}; }
        Entry operator()(const Ping& e) const { return {Opcode::ping, 0, {e.payload.begin(), e.payload.end()}}; }
        Entry operator()(const Pong& e) const { return {Opcode::pong, 0, {e.payload.begin(), e.payload.end()}}; }
        Entry operator()(const Close& e) const { return {Opcode::close, e.code, std::string(e.reason)}; }
    } visitor;
    return std::visit(visitor, event);
}

template <typename Cut>
std::vector<Entry> decode(std::string_view wire, Role role, Cut cut) {
    Decoder decoder({role, limit});
    std::vector<Entry> entries;
    while (!wire.empty()) {
        std::string input(wire.substr(0, cut(wire.size())));
        wire.remove_prefix(input.size());
        decoder.feed(input);
        for (;;) {
            const auto event = decoder.next();
            if (event && !*event) break;
            entries.push_back(event ? entry(**event) : Entry{Opcode::continuation, event.error().code, {}});
        }
        require(decoder.unread().empty());
    }
    return entries;
}

void check(const std::vector<Entry>& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const Entry& e = entries[i];
        const bool last = e.opcode == Opcode::continuation || e.opcode == Opcode::close;
        require(!last || i + 1 == entries.size());
        require(e.bytes.size() <= (e.opcode == Opcode::text || e.opcode == Opcode::binary ? limit : 125));
        require((e.opcode != Opcode::text && e.opcode != Opcode::close) || is_utf8(e.bytes));
    }
}

void check_round_trip(const std::vector<Entry>& entries, Role role) {
    std::string wire;
    std::vector<Entry> sent;
    std::uint32_t key = 0x9E37'79B9;
    for (const Entry& e : entries) {
        const auto mask = role == Role::server ? std::optional(key *= 5) : std::nullopt;
        if (e.opcode == Opcode::continuation) continue;
        sent.push_back(e);
        if (e.opcode == Opcode::close) {
            append_close(wire, e.code, e.bytes, mask);
        } else if (e.opcode == Opcode::text && !mask) {
            const std::size_t frame = begin_text(wire);
            wire += e.bytes;
            end_text(wire, frame);
        } else {
            append_frame(wire, e.opcode, e.bytes, mask);
        }
    }
    require(decode(wire, role, [](std::size_t rest) { return rest; }) == sent);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Role role = data[0] % 2 == 0 ? Role::server : Role::client;
    const std::string_view wire(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto whole = decode(wire, role, [](std::size_t rest) { return rest; });
    check(whole);
    check_round_trip(whole, role);

    require(decode(wire, role, [](std::size_t) { return std::size_t{1}; }) == whole);
    std::minstd_rand random(data[1] + 1U);
    require(decode(wire, role,
                   [&random](std::size_t rest) { return 1 + random() % std::min<std::size_t>(rest, 40); }) == whole);
    return 0;
}
