// What one media message costs the WebSocket layer: 382 bytes of payload from Twilio in, about 300 out.

#include "websocket/codec.hpp"
#include "websocket/masking.hpp"
#include "websocket/utf8.hpp"

#include <algorithm>
#include <array>
#include <benchmark/benchmark.h>
#include <string>

namespace {

constexpr std::size_t media_bytes = 382;  // a 20 ms media message as Twilio writes it
constexpr std::uint32_t key = 0x5A3C'91E7;

std::string masked_media() {
    std::string wire;
    websocket::append_frame(wire, websocket::Opcode::text, std::string(media_bytes, 'a'), key);
    return wire;
}

// `frames` of them in one read; the copy stands for the kernel's, as decoding unmasks in place.
void decode_masked_media(benchmark::State& state) {
    std::string wire;
    for (auto i = state.range(0); i > 0; --i) wire += masked_media();
    std::string input = wire;
    websocket::Decoder decoder({});
    for (auto _ : state) {
        std::ranges::copy(wire, input.begin());
        decoder.feed(input);
        for (auto event = decoder.next(); event && *event; event = decoder.next()) benchmark::DoNotOptimize(**event);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode_masked_media)->Arg(1)->Arg(8);

void decode_media_cut_in_two(benchmark::State& state) {
    const std::string wire = masked_media();
    std::string input = wire;
    websocket::Decoder decoder({});
    for (auto _ : state) {
        std::ranges::copy(wire, input.begin());
        const std::span<char> bytes(input);
        for (const auto part : {bytes.first(200), bytes.subspan(200)}) {
            decoder.feed(part);
            for (auto event = decoder.next(); event && *event; event = decoder.next())
                benchmark::DoNotOptimize(**event);
        }
    }
}
BENCHMARK(decode_media_cut_in_two);

void encode_media_in_place(benchmark::State& state) {
    const std::string media(300, 'a');
    std::string out;
    for (auto _ : state) {
        out.clear();
        const std::size_t frame = websocket::begin_text(out);
        out += media;
        websocket::end_text(out, frame);
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(encode_media_in_place);

void check_utf8_of_three_byte_characters(benchmark::State& state) {
    std::string text;
    while (text.size() < 4096) text += "\xE0\xA4\x95";
    for (auto _ : state) benchmark::DoNotOptimize(websocket::is_utf8(text));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(check_utf8_of_three_byte_characters);

}  // namespace
