#include "websocket/codec.hpp"

#include "websocket/frames.hpp"
#include "websocket/masking.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::int64_t> bytes_in_use = 0;
constexpr std::size_t prefix = alignof(std::max_align_t);
}  // namespace

// Counts what is allocated: an idle call must own nothing.
void* operator new(std::size_t size) {
    void* const block = std::malloc(size + prefix);
    if (block == nullptr) throw std::bad_alloc();
    *static_cast<std::size_t*>(block) = size;
    bytes_in_use += static_cast<std::int64_t>(size);
    return static_cast<char*>(block) + prefix;
}
void operator delete(void* pointer) noexcept {
    if (pointer == nullptr) return;
    void* const block = static_cast<char*>(pointer) - prefix;
    bytes_in_use -= static_cast<std::int64_t>(*static_cast<std::size_t*>(block));
    std::free(block);
}
void operator delete(void* pointer, std::size_t) noexcept {
    operator delete(pointer);
}

namespace websocket::testing {
namespace {

bool lies_in(std::string_view part, std::string_view whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

TEST(Decoder, gives_views_of_the_input_for_messages_that_lie_whole_in_it) {
    std::string input = wire(std::vector<Frame>{{1, std::string(382, 'a')}, {2, "bb"}, {9, "p"}}, Role::server);
    Decoder decoder({});
    const auto before = bytes_in_use.load();
    decoder.feed(input);
    EXPECT_TRUE(lies_in(std::get<Text>(**decoder.next()).text, input));
    const auto bytes = std::get<Binary>(**decoder.next()).bytes;
    EXPECT_TRUE(lies_in({bytes.data(), bytes.size()}, input));
    const auto payload = std::get<Ping>(**decoder.next()).payload;
    EXPECT_TRUE(lies_in({payload.data(), payload.size()}, input));
    EXPECT_EQ(bytes_in_use, before) << "nothing was allocated";
    EXPECT_FALSE(decoder.next()->has_value());
}

TEST(Decoder, holds_no_memory_between_messages) {
    const std::string bytes = wire(Frame{1, std::string(60'000, 'a')}, Role::server);
    Decoder decoder({});
    std::string first = bytes.substr(0, 30'000), second = bytes.substr(30'000);
    const auto before = bytes_in_use.load();
    decoder.feed(first);
    EXPECT_FALSE(decoder.next()->has_value());
    EXPECT_GT(bytes_in_use, before + 29'000);
    decoder.feed(second);
    EXPECT_EQ(std::get<Text>(**decoder.next()).text.size(), 60'000U);
    EXPECT_FALSE(decoder.next()->has_value());
    EXPECT_EQ(bytes_in_use, before);
}

TEST(Decoder, is_small) {
    EXPECT_LE(sizeof(Decoder), 144U);
}

TEST(Decoder, hands_over_in_the_middle_of_its_input) {
    const std::vector<Frame> frames = {{1, "first"}, {1, "second"}, {9, "third"}, {1, std::string(300, 'x')}};
    std::string input = wire(frames, Role::server);
    input.resize(input.size() - 100);
    const std::string tail = wire(frames, Role::server).substr(input.size());
    Decoder first({});
    first.feed(input);
    EXPECT_EQ(describe(**first.next()), "text:first");

    Decoder second({});
    Log log;
    drain(second, std::string(first.unread().begin(), first.unread().end()), log);
    drain(second, tail, log);
    EXPECT_EQ(log, (Log{"text:second", "ping:third", "text:" + std::string(300, 'x')}));
}

TEST(Decoder, moves_with_half_a_message_in_it) {
    const std::string bytes =
        wire(std::vector<Frame>{{1, "Hel", false}, {0, "lo wor", false}, {0, "ld"}}, Role::server);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        Log log;
        Decoder first({});
        drain(first, bytes.substr(0, cut), log);
        Decoder second = std::move(first);
        drain(second, bytes.substr(cut), log);
        EXPECT_EQ(log, Log{"text:Hello world"}) << cut;
    }
}

TEST(Decoder, keeps_a_fragmented_message_through_a_ping_that_is_cut) {
    const std::string bytes = wire(
        std::vector<Frame>{{1, std::string(50, 'a'), false}, {9, std::string(125, 'p')}, {0, std::string(50, 'b')}},
        Role::client);
    EXPECT_EQ(decode_bytewise(bytes, {Role::client}),
              (Log{"ping:" + std::string(125, 'p'), "text:" + std::string(50, 'a') + std::string(50, 'b')}));
}

TEST(Masking, agrees_with_the_definition_at_every_size_and_alignment) {
    constexpr std::uint32_t key = 0xA1B2'03F4;
    const auto key_bytes = std::bit_cast<std::array<char, 4>>(key);
    for (std::size_t size = 0; size <= 300; ++size) {
        for (std::size_t offset = 0; offset < 4; ++offset) {
            std::string buffer(offset + size + 32, '#'), expected = buffer;
            for (std::size_t i = 0; i < size; ++i) {
                buffer[offset + i] = static_cast<char>(i * 31);
                expected[offset + i] = static_cast<char>(buffer[offset + i] ^ key_bytes[i % 4]);
            }
            apply_mask(buffer.data() + offset, size, key);
            ASSERT_EQ(buffer, expected) << size;
        }
    }
}

TEST(Masking, finds_the_one_byte_that_is_not_ascii) {
    for (const std::size_t size : {1U, 3U, 4U, 7U, 8U, 15U, 16U, 31U, 32U, 33U, 64U, 100U, 382U}) {
        std::string text(size, 'a');
        EXPECT_TRUE(apply_mask(text.data(), size, 0x0102'0304)) << size;
        for (std::size_t at = 0; at < size; ++at) {
            std::string other(size, 'a');
            other[at] = '\x80';
            EXPECT_FALSE(apply_mask(other.data(), size, 0x0102'0304)) << at << " of " << size;
        }
    }
}

TEST(Masking, key_advances_with_the_payload) {
    std::string whole(100, 'x'), parts = whole;
    apply_mask(whole.data(), whole.size(), 0x8899'AABB);
    for (std::size_t at = 0, size = 1; at < parts.size(); at += size, size = std::min<std::size_t>(size + 2, 100 - at))
        apply_mask(parts.data() + at, size, advance_key(0x8899'AABB, at));
    EXPECT_EQ(parts, whole);
}

TEST(Encoder, writes_the_frames_of_the_rfc) {  // section 5.7
    std::string out;
    append_frame(out, Opcode::text, "Hello");
    EXPECT_EQ(out, "\x81\x05Hello");
    out.clear();
    const auto key = std::bit_cast<std::uint32_t>(std::array<unsigned char, 4>{0x37, 0xFA, 0x21, 0x3D});
    append_frame(out, Opcode::text, "Hello", key);
    EXPECT_EQ(out, "\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58");
}

TEST(Encoder, chooses_the_shortest_length) {
    for (const std::size_t size : {0U, 125U, 126U, 65535U, 65536U, 100'000U}) {
        const std::string payload(size, 'x');
        for (const Role receiver : {Role::client, Role::server}) {
            std::string out = "before";
            const auto mask = receiver == Role::server ? std::optional<std::uint32_t>{77} : std::nullopt;
            append_frame(out, Opcode::binary, payload, mask);
            EXPECT_EQ(decode_whole(out.substr(6), {receiver, 1 << 20}), Log{"binary:" + payload}) << size;
        }
        std::string out = "before";
        append_frame(out, Opcode::text, payload);
        EXPECT_EQ(out, "before" + wire(Frame{1, payload}, Role::client));
    }
}

TEST(Encoder, writes_text_in_place_at_any_size) {
    for (const std::size_t size : {0U, 1U, 125U, 126U, 300U, 65535U, 65536U, 70'000U}) {
        const std::string payload(size, 'x');
        std::string out = "before";
        const std::size_t frame = begin_text(out);
        out += payload;
        end_text(out, frame);
        EXPECT_EQ(out, "before" + wire(Frame{1, payload}, Role::client)) << size;
    }
}

TEST(Encoder, cuts_a_close_reason_between_characters) {
    std::string out;
    append_close(out, 1001, std::string(121, 'r') + "\xE2\x82\xAC");
    EXPECT_EQ(decode_whole(out, {Role::client}), Log{"close:1001:" + std::string(121, 'r')});
    out.clear();
    append_close(out, 1000, std::string(200, 'r'), 5);
    EXPECT_EQ(decode_whole(out, {Role::server}), Log{"close:1000:" + std::string(123, 'r')});
    out.clear();
    append_close(out, close_code::none, {});
    EXPECT_EQ(decode_whole(out, {Role::client}), Log{"close:1005:"});
}

}  // namespace
}  // namespace websocket::testing
