// RFC 6455 case by case, grouped as the Autobahn test suite groups them. Every case runs in both roles and however the
// input is cut: whole, byte by byte, at random.

#include "websocket/frames.hpp"

#include <gtest/gtest.h>

namespace websocket::testing {
namespace {

constexpr unsigned continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10;

struct Case {
    std::string name;
    std::vector<Frame> frames;
    Log expected;
};

void check(const Case& example, std::size_t limit = 1 << 20) {
    for (const Role role : {Role::server, Role::client}) {
        SCOPED_TRACE(example.name + (role == Role::server ? ", as server" : ", as client"));
        const std::string bytes = wire(example.frames, role);
        const Decoder::Options options{role, limit};
        EXPECT_EQ(decode_whole(bytes, options), example.expected);
        EXPECT_EQ(decode_bytewise(bytes, options), example.expected) << "byte by byte";
        for (unsigned seed = 1; seed <= 8; ++seed)
            EXPECT_EQ(decode_randomly(bytes, options, seed), example.expected) << "cut at random, seed " << seed;
    }
}

void check(const std::vector<Case>& examples) {
    for (const Case& example : examples) check(example);
}

std::string close_payload(unsigned code, const std::string& reason = {}) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason;
}

const Log protocol_error = {"violation:1002"};
const Log bad_payload = {"violation:1007"};

// The sizes at which the length takes another form, or a block of the unmasking begins.
TEST(Rfc6455, reads_text_and_binary_of_every_size) {
    std::vector<std::size_t> sizes;
    for (std::size_t size = 0; size <= 130; ++size) sizes.push_back(size);
    for (const std::size_t size : {255U, 256U, 382U, 1000U, 65535U, 65536U, 65537U, 131072U}) sizes.push_back(size);
    for (const std::size_t size : sizes) {
        std::string payload;
        for (std::size_t i = 0; i < size; ++i) payload += static_cast<char>(' ' + (i * 7 + i / 95) % 95);
        check({std::to_string(size) + " of text", {{text, payload}}, {"text:" + payload}});
        for (char& c : payload) c = static_cast<char>(c * 37);
        check({std::to_string(size) + " of binary", {{binary, payload}}, {"binary:" + payload}});
    }
}

TEST(Rfc6455, reads_pings_and_pongs) {
    const std::string most(125, '\xFE');
    check({
        {"empty ping", {{ping, ""}}, {"ping:"}},
        {"ping", {{ping, "Hello"}}, {"ping:Hello"}},
        {"longest ping, not UTF-8", {{ping, most}}, {"ping:" + most}},
        {"unsolicited pong", {{pong, "x"}, {ping, "y"}}, {"pong:x", "ping:y"}},
        {"ping too long", {{ping, most + 'x'}, {text, "after"}}, protocol_error},
        {"pong too long", {{pong, most + 'x'}}, protocol_error},
        {"close too long", {{close, close_payload(1000, std::string(124, 'x'))}}, protocol_error},
    });
}

TEST(Rfc6455, refuses_reserved_bits) {
    for (unsigned rsv = 1; rsv <= 7; ++rsv)
        for (const unsigned opcode : {text, binary, ping, pong, close})
            check({"rsv " + std::to_string(rsv),
                   {{text, "ok"}, {opcode, "", true, rsv}, {ping, ""}},
                   {"text:ok", "violation:1002"}});
}

TEST(Rfc6455, refuses_unknown_opcodes) {
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U})
        check({"opcode " + std::to_string(opcode),
               {{text, "ok"}, {opcode, "x"}, {ping, ""}},
               {"text:ok", "violation:1002"}});
}

TEST(Rfc6455, joins_fragments_and_lets_control_frames_between_them) {
    check({
        {"two", {{text, "Hel", false}, {continuation, "lo"}}, {"text:Hello"}},
        {"many",
         {{binary, "a", false}, {continuation, "b", false}, {continuation, "", false}, {continuation, "c"}},
         {"binary:abc"}},
        {"all empty", {{text, "", false}, {continuation, "", false}, {continuation, ""}}, {"text:"}},
        {"empty but the last", {{text, "", false}, {continuation, "x"}}, {"text:x"}},
        {"ping between", {{text, "a", false}, {ping, "p"}, {continuation, "b"}}, {"ping:p", "text:ab"}},
        {"pings between",
         {{text, "a", false}, {ping, "p"}, {continuation, "b", false}, {pong, "q"}, {continuation, "c"}},
         {"ping:p", "pong:q", "text:abc"}},
        {"next message", {{text, "a", false}, {continuation, "b"}, {binary, "c"}}, {"text:ab", "binary:c"}},
        {"close between", {{text, "a", false}, {close, close_payload(1001)}, {continuation, "b"}}, {"close:1001:"}},
    });
}

TEST(Rfc6455, refuses_fragments_out_of_order) {
    check({
        {"nothing to continue", {{continuation, "x"}}, protocol_error},
        {"nothing to continue, open", {{continuation, "x", false}, {text, "y"}}, protocol_error},
        {"after a whole message", {{text, "a"}, {continuation, "b"}}, {"text:a", "violation:1002"}},
        {"after a fragmented message",
         {{text, "a", false}, {continuation, "b"}, {continuation, "c"}},
         {"text:ab", "violation:1002"}},
        {"text inside text", {{text, "a", false}, {text, "b"}}, protocol_error},
        {"binary inside text", {{text, "a", false}, {binary, "b", false}}, protocol_error},
        {"after a ping inside", {{text, "a", false}, {ping, "p"}, {text, "b"}}, {"ping:p", "violation:1002"}},
        {"fragmented ping", {{ping, "a", false}, {continuation, "b"}}, protocol_error},
        {"fragmented pong", {{pong, "", false}}, protocol_error},
        {"fragmented close", {{close, "", false}}, protocol_error},
    });
}

TEST(Rfc6455, accepts_well_formed_utf8) {
    for (const std::string good :
         {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
          "\xEE\x80\x80", "\xEF\xBF\xBD", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\x7F",
          "\xF0\x9F\x98\x80 and \xE2\x82\xAC"}) {
        check({"whole", {{text, good}}, {"text:" + good}});
        check({"in a long text",
               {{text, std::string(61, 'x') + good + std::string(40, 'y')}},
               {"text:" + std::string(61, 'x') + good + std::string(40, 'y')}});
        for (std::size_t cut = 0; cut <= good.size(); ++cut)
            check({"in fragments, a ping between",
                   {{text, good.substr(0, cut), false}, {ping, ""}, {continuation, good.substr(cut)}},
                   {"ping:", "text:" + good}});
    }
}

TEST(Rfc6455, refuses_malformed_utf8) {
    for (const std::string bad : {"\x80",
                                  "\xBF",
                                  "\xC0\xAF",
                                  "\xC1\xBF",
                                  "\xC2",
                                  "\xC2 ",
                                  "\xE0\x80\xAF",
                                  "\xE0\x9F\xBF",
                                  "\xE0\xA0",
                                  "\xE1\x80",
                                  "\xE1\x80 ",
                                  "\xED\xA0\x80",
                                  "\xED\xBF\xBF",
                                  "\xF0\x80\x80\xAF",
                                  "\xF0\x8F\xBF\xBF",
                                  "\xF0\x90\x80",
                                  "\xF0\x90\x80 ",
                                  "\xF4\x90\x80\x80",
                                  "\xF5\x80\x80\x80",
                                  "\xF8\x88\x80\x80\x80",
                                  "\xFE",
                                  "\xFF",
                                  "\xCE\xBA\xE1\xBD\xB9\xED\xA0\x80"
                                  "edited"}) {
        check({"alone", {{text, bad}}, bad_payload});
        check({"deep in a text", {{text, std::string(77, 'x') + bad}, {ping, ""}}, bad_payload});
        check({"in binary it is nobody's business", {{binary, bad}}, {"binary:" + bad}});
        for (std::size_t cut = 1; cut < bad.size(); ++cut)
            check({"in fragments", {{text, bad.substr(0, cut), false}, {continuation, bad.substr(cut)}}, bad_payload});
    }
}

TEST(Rfc6455, refuses_malformed_utf8_before_the_message_ends) {
    check({
        {"first fragment", {{text, "ok \xF4\x90", false}}, bad_payload},
        {"second fragment", {{text, "\xF4", false}, {continuation, "\x90", false}}, bad_payload},
    });
    for (const Role role : {Role::server, Role::client}) {
        const std::string bytes = wire(Frame{text, "\xF4\x90\x80\x80" + std::string(500, 'x')}, role);
        const std::size_t header = bytes.size() - 504;
        EXPECT_EQ(decode_whole(bytes.substr(0, header + 1), {role}), Log{});
        EXPECT_EQ(decode_whole(bytes.substr(0, header + 2), {role}), bad_payload) << "in the middle of a frame";
    }
}

TEST(Rfc6455, reads_a_close_and_nothing_after_it) {
    const std::string reason(123, 'r');
    check({
        {"no code", {{close, ""}}, {"close:1005:"}},
        {"code", {{close, close_payload(1000)}}, {"close:1000:"}},
        {"code and reason", {{close, close_payload(1001, "bye")}}, {"close:1001:bye"}},
        {"longest reason", {{close, close_payload(1000, reason)}}, {"close:1000:" + reason}},
        {"more frames", {{close, ""}, {text, "late"}, {ping, ""}, {close, ""}}, {"close:1005:"}},
        {"garbage", {{close, ""}, {15, "late", true, 7}}, {"close:1005:"}},
        {"half a code", {{close, "\x03"}}, protocol_error},
        {"reason not UTF-8", {{close, close_payload(1000, "\xCE\xBA\xED\xA0\x80")}}, bad_payload},
        {"reason cut in a character", {{close, close_payload(1000, "\xCE")}}, bad_payload},
    });
}

TEST(Rfc6455, knows_which_close_codes_may_travel) {
    const auto valid = [](unsigned code) {
        return code >= 1000 && code <= 4999 && (code >= 3000 || code <= 1014) && code != 1004 && code != 1005 &&
               code != 1006;
    };
    for (unsigned code = 0; code <= 0xFFFF; code += (code < 5100 ? 1 : 97)) {
        const Log expected = valid(code) ? Log{"close:" + std::to_string(code) + ":"} : protocol_error;
        const std::string bytes = wire(Frame{close, close_payload(code)}, Role::server);
        ASSERT_EQ(decode_whole(bytes, {}), expected) << code;
        ASSERT_EQ(decode_bytewise(bytes, {}), expected) << code;
    }
}

TEST(Rfc6455, refuses_lengths_not_in_their_shortest_form) {
    using std::string_literals::operator""s;
    for (const std::string& bytes :
         {"\x82\x7E\x00\x05"s, "\x82\x7E\x00\x7D"s, "\x82\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF"s,
          "\x82\x7F\x00\x00\x00\x00\x00\x00\x00\x05"s, "\x82\x7F\x80\x00\x00\x00\x00\x00\x00\x00"s}) {
        EXPECT_EQ(decode_whole(bytes, {Role::client}), protocol_error);
        EXPECT_EQ(decode_bytewise(bytes, {Role::client}), protocol_error);
    }
}

TEST(Rfc6455, wants_masks_from_clients_and_none_from_servers) {
    const Frame frame{text, "x"};
    EXPECT_EQ(decode_whole(wire(frame, Role::client), {Role::server}), protocol_error);
    EXPECT_EQ(decode_whole(wire(frame, Role::server), {Role::client}), protocol_error);
}

TEST(Rfc6455, refuses_a_message_beyond_the_limit_as_soon_as_a_header_says_so) {
    constexpr std::size_t limit = 300;
    const std::string most(limit, 'x');
    check({"exactly the limit", {{text, most}, {binary, most}}, {"text:" + most, "binary:" + most}}, limit);
    check({"one more", {{text, most + 'x'}}, {"violation:1009"}}, limit);
    check({"in fragments", {{text, most, false}, {continuation, "", false}, {continuation, "x"}}, {"violation:1009"}},
          limit);
    check({"fragments up to it",
           {{text, most.substr(1), false}, {ping, "p"}, {continuation, "x"}},
           {"ping:p", "text:" + most}},
          limit);
    const std::string header = wire(Frame{binary, std::string(1 << 20, 'x')}, Role::server).substr(0, 14);
    EXPECT_EQ(decode_whole(header, {Role::server, limit}), Log{"violation:1009"});
}

}  // namespace
}  // namespace websocket::testing
