#include "encoding/base64.hpp"
#include "net/websocket_client.hpp"
#include "simulator/loop_until.hpp"
#include "simulator/standin.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <map>

namespace simulator {
namespace {

using namespace std::chrono_literals;

constexpr const char* rachel = "21m00Tcm4TlvDq8ikWAM";

// Opens a socket and remembers what came.
class Client final : private net::WebSocket::Handler {
public:
    Client(net::EventLoop& loop, std::uint16_t port, const std::string& target, const std::string& key) : loop_(loop) {
        net::WebSocketTarget where{.tls = false, .host = "127.0.0.1", .port = port, .target = target, .headers = {}};
        if (!key.empty()) where.headers = {{"xi-api-key", key}};
        connector_ = std::make_unique<net::WebSocketConnector>(loop, where, [this](auto result) {
            if (!result) {
                refused = result.error();
                return;
            }
            socket = std::make_unique<net::WebSocket>(
                std::move(result->connection),
                net::WebSocket::Options{.role = websocket::Role::client, .message_bytes_max = 1 << 24},
                static_cast<net::WebSocket::Handler&>(*this));
            socket->start(result->early);
        });
        EXPECT_TRUE(test::run_until(loop, [this] { return socket || refused; }));
    }

    void send(const std::string& json) { socket->send_text(json); }
    bool wait_for_final() {
        return test::run_until(loop_, [this] { return !finals.empty(); });
    }
    bool wait_for_close() {
        return test::run_until(loop_, [this] { return closed_with.has_value(); });
    }

    std::unique_ptr<net::WebSocket> socket;
    std::optional<net::WebSocketRefusal> refused;
    std::vector<boost::json::object> frames;
    std::map<std::string, std::vector<std::byte>> audio;  // by contextId; "" on the single socket
    std::vector<std::string> finals, errors;
    std::optional<std::uint16_t> closed_with;

private:
    void on_text(std::string_view text) override {
        const auto frame = boost::json::parse(text).as_object();
        frames.push_back(frame);
        if (const auto* error = frame.if_contains("error")) errors.emplace_back(error->as_string());
        const auto* id = frame.if_contains("contextId");
        const std::string context = id == nullptr ? "" : std::string(id->as_string());
        if (const auto* payload = frame.if_contains("audio"); payload != nullptr && payload->is_string()) {
            EXPECT_TRUE(encoding::append_from_base64(audio[context], std::string_view(payload->get_string())));
        }
        const auto* final = frame.if_contains("isFinal");
        if (final != nullptr && final->is_bool()) finals.push_back(context);
    }
    void on_binary(std::span<const char>) override { FAIL(); }
    void on_closed(std::uint16_t code, std::string_view) override { closed_with = code; }

    net::EventLoop& loop_;
    std::unique_ptr<net::WebSocketConnector> connector_;
};

class StandinSocketTest : public testing::Test {
protected:
    StandinSocketTest() { EXPECT_TRUE(standin.listen()); }
    static Standin::Options options() {
        Standin::Options options;
        options.account.key = "right";
        options.first_byte_after = 20ms;
        return options;
    }
    std::unique_ptr<Client> open(const std::string& more = "", const std::string& path = "/stream-input",
                                 const std::string& key = "right", const std::string& voice = rachel) {
        return std::make_unique<Client>(
            loop, standin.port(),
            "/v1/text-to-speech/" + voice + path + "?model_id=eleven_flash_v2_5&output_format=ulaw_8000" + more, key);
    }
    static std::vector<std::byte> spoken(const std::string& text) {
        const auto clip = standin_audio(rachel, text);
        return {clip.bytes().begin(), clip.bytes().end()};
    }
    // Nothing more is sent for a while.
    bool quiet(Client& client, std::chrono::milliseconds length = 150ms) {
        const auto before = client.frames.size();
        return !test::run_until(loop, [&] { return client.frames.size() > before; }, length);
    }
    void arm(const char* name, std::size_t after_bytes = 0) {
        standin.faults().arm({.fault = find_fault(name), .after_bytes = after_bytes, .times = 1, .match_text = {}});
    }

    net::EventLoop loop;
    Standin standin{loop, options()};
};

TEST_F(StandinSocketTest, speaks_buffered_text_as_one_and_is_final_only_after_the_closing_message) {
    const auto client = open();
    client->send(R"({"text":" ","voice_settings":{"stability":0.5}})");
    client->send(R"({"text":"Hel"})");
    client->send(R"({"text":"lo world. "})");
    EXPECT_TRUE(quiet(*client)) << "less than the schedule wants";
    client->send(R"({"text":" ","flush":true})");
    ASSERT_TRUE(test::run_until(loop, [&] { return client->audio[""].size() == spoken(" Hello world.  ").size(); }));
    EXPECT_EQ(client->audio[""], spoken(" Hello world.  "));
    EXPECT_TRUE(client->finals.empty());
    EXPECT_TRUE(client->frames[0].at("alignment").is_object());
    EXPECT_TRUE(client->frames[0].at("isFinal").is_null());
    const auto& logged = standin.log().back();
    ASSERT_TRUE(logged.first_audio);
    EXPECT_GE(*logged.first_audio - logged.asked, 20ms);
    const auto before_close = loop.now();
    client->send(R"({"text":""})");
    ASSERT_TRUE(client->wait_for_final());
    EXPECT_FALSE(client->closed_with) << "the close comes later";
    ASSERT_TRUE(client->wait_for_close());
    EXPECT_EQ(client->closed_with, 1000);
    EXPECT_GE(loop.now() - before_close, 740ms);
    EXPECT_TRUE(test::run_until(loop, [&] { return standin.open_sockets() == 0; }));
}

TEST_F(StandinSocketTest, auto_mode_speaks_every_message_by_itself) {
    const auto client = open("&auto_mode=true");
    client->send(R"({"text":"One. "})");
    client->send(R"({"text":"Two. "})");
    client->send(R"({"text":""})");
    ASSERT_TRUE(client->wait_for_final());
    auto both = spoken("One. ");
    const auto second = spoken("Two. ");
    both.insert(both.end(), second.begin(), second.end());
    EXPECT_EQ(client->audio[""], both);
}

TEST_F(StandinSocketTest, accepts_the_upgrade_of_a_wrong_key_or_voice_and_tells_it_afterwards) {
    for (const auto& [key, voice, error] : {std::tuple{"wrong", rachel, "invalid_api_key"},
                                            {"", rachel, "authentication_required"},
                                            {"right", "nobody", "voice_id_does_not_exist"}}) {
        const auto client = open("", "/stream-input", key, voice);
        ASSERT_TRUE(client->socket) << error;
        const auto opened = loop.now();
        ASSERT_TRUE(client->wait_for_close());
        EXPECT_EQ(client->errors, std::vector<std::string>{error});
        EXPECT_EQ(client->closed_with, 1008);
        EXPECT_GE(loop.now() - opened, 700ms);
    }
}

TEST_F(StandinSocketTest, refuses_models_it_does_not_serve_before_the_upgrade) {
    const Client client(
        loop, standin.port(),
        std::string("/v1/text-to-speech/") + rachel + "/stream-input?model_id=eleven_v3&output_format=ulaw_8000",
        "right");
    ASSERT_TRUE(client.refused);
    EXPECT_EQ(client.refused->status, 400);
}

TEST_F(StandinSocketTest, ends_a_socket_on_which_nothing_comes) {
    const auto client = open("&inactivity_timeout=1");
    client->send(R"({"text":" "})");
    ASSERT_TRUE(client->wait_for_close());
    EXPECT_EQ(client->errors, std::vector<std::string>{"input_timeout_exceeded"});
    EXPECT_EQ(client->closed_with, 1008);
}

TEST_F(StandinSocketTest, voice_settings_must_not_change) {
    const auto client = open();
    client->send(R"({"text":" ","voice_settings":{"stability":0.5}})");
    client->send(R"({"text":"a","voice_settings":{"stability":0.5}})");
    EXPECT_TRUE(quiet(*client, 50ms));
    client->send(R"({"text":"b","voice_settings":{"stability":0.6}})");
    ASSERT_TRUE(client->wait_for_close());
    EXPECT_EQ(client->closed_with, 1008);
    EXPECT_EQ(client->errors.size(), 1u);
}

TEST_F(StandinSocketTest, faults_strike_at_the_byte_asked_for) {
    for (const auto& [name, code] : {std::pair{"quota_401", 1008},
                                     {"error_1011", 1011},
                                     {"restart_1012", 1012},
                                     {"truncate_body", 1006},
                                     {"reset", 1006},
                                     {"500", 1011},
                                     {"beyond_bounds", 1009},
                                     {"other_protocol", 1002}}) {
        for (const std::size_t after : {0u, 2'000u}) {
            arm(name, after);
            const auto client = open();
            client->send(R"({"text":"Hello from the socket. ","flush":true})");
            ASSERT_TRUE(client->wait_for_close()) << name;
            EXPECT_EQ(client->closed_with, code) << name;
            EXPECT_EQ(client->audio[""].size(), after) << name;
            EXPECT_TRUE(client->finals.empty()) << name;
        }
    }
    EXPECT_TRUE(test::run_until(loop, [&] { return standin.in_progress() == 0 && standin.open_sockets() == 0; }));
}

TEST_F(StandinSocketTest, a_fault_may_leave_a_final_frame_without_audio_or_everything_in_one_frame) {
    arm("insufficient_402");
    auto client = open();
    client->send(R"({"text":"Hello there. ","flush":true})");
    ASSERT_TRUE(client->wait_for_final());
    EXPECT_TRUE(client->audio.empty());

    arm("huge_first_chunk");
    client = open();
    client->send(R"({"text":"Hello from the socket. ","flush":true})");
    ASSERT_TRUE(test::run_until(loop, [&] { return !client->frames.empty(); }));
    EXPECT_EQ(client->audio[""], spoken("Hello from the socket. "));
}

TEST_F(StandinSocketTest, a_fault_of_upgrades_refuses_the_next_one) {
    arm("502_html");
    const auto refused = open();
    ASSERT_TRUE(refused->refused);
    EXPECT_EQ(refused->refused->status, 502);
    EXPECT_TRUE(open()->socket);
}

TEST_F(StandinSocketTest, a_fault_of_upgrades_that_comes_too_late_breaks_the_socket_and_refuses_the_next_one) {
    for (const std::size_t after : {0u, 2'000u}) {
        const auto client = open();
        standin.faults().arm(
            {.fault = find_fault("502_html"), .after_bytes = after, .times = 1, .match_text = "socket"});
        EXPECT_TRUE(open()->socket) << "it waits for its text";
        client->send(R"({"text":"Hello from the socket. ","flush":true})");
        ASSERT_TRUE(client->wait_for_close());
        EXPECT_EQ(client->closed_with, 1006);
        EXPECT_EQ(client->audio[""].size(), after);
        EXPECT_TRUE(open()->refused);
        EXPECT_TRUE(open()->socket);
    }
}

TEST_F(StandinSocketTest, a_half_dead_socket_says_and_hears_nothing_more) {
    arm("hang_after_headers");
    const auto client = open("", "/multi-stream-input");
    client->send(R"({"text":"First. ","context_id":"a","flush":true})");
    EXPECT_TRUE(quiet(*client));
    EXPECT_EQ(standin.log().back().fault, "hang_after_headers");
    client->send(R"({"text":"Second. ","context_id":"b","flush":true})");
    client->socket->ping("there?");
    EXPECT_TRUE(quiet(*client));
    EXPECT_FALSE(client->closed_with);
    EXPECT_NE(standin.log().back().text, "Second. ");

    arm("stall_mid_body");
    const auto other = open("", "/multi-stream-input");
    other->send(R"({"text":"First. ","context_id":"a","flush":true})");
    other->send(R"({"text":"Second. ","context_id":"b","flush":true})");
    EXPECT_TRUE(test::run_until(loop, [&] { return other->audio["b"] == spoken("Second. "); }));
    EXPECT_TRUE(other->audio["a"].empty()) << "of a stall the other contexts know nothing";
}

TEST_F(StandinSocketTest, frames_of_odd_sizes_lose_nothing) {
    for (const auto& [name, first, second] : {std::tuple{"one_byte_chunks", 1u, 1u}, {"odd_sizes", 1u, 3u}}) {
        arm(name);
        const auto client = open();
        client->send(R"({"text":"Hello. ","flush":true})");
        ASSERT_TRUE(test::run_until(loop, [&] { return client->audio[""].size() == spoken("Hello. ").size(); }));
        EXPECT_EQ(client->audio[""], spoken("Hello. ")) << name;
        const auto bytes = [&](std::size_t frame) {
            return encoding::from_base64(client->frames.at(frame).at("audio").as_string())->size();
        };
        EXPECT_EQ(bytes(0), first) << name;
        EXPECT_EQ(bytes(1), second) << name;
    }
}

TEST_F(StandinSocketTest, audio_may_be_empty_or_none_at_all) {
    arm("zero_audio");
    auto client = open();
    client->send(R"({"text":"Hello. ","flush":true})");
    ASSERT_TRUE(client->wait_for_final());
    EXPECT_EQ(client->frames.at(0).at("audio").as_string(), "");

    arm("insufficient_402", 2'000);
    client = open();
    client->send(R"({"text":"Hello. ","flush":true})");
    ASSERT_TRUE(client->wait_for_final());
    EXPECT_EQ(client->audio[""].size(), 2'000u);

    arm("silence");
    client = open();
    client->send(R"({"text":"Hello. ","flush":true})");
    ASSERT_TRUE(test::run_until(loop, [&] { return client->audio[""].size() == spoken("Hello. ").size(); }));
    EXPECT_EQ(client->audio[""], std::vector(spoken("Hello. ").size(), std::byte{0xff}));
}

TEST_F(StandinSocketTest, several_contexts_share_a_socket_and_end_one_by_one) {
    const auto client = open("", "/multi-stream-input");
    client->send(R"({"text":"First. ","context_id":"a"})");
    client->send(R"({"text":"Second. ","context_id":"b"})");
    client->send(R"({"context_id":"b","flush":true})");
    ASSERT_TRUE(test::run_until(loop, [&] { return client->audio["b"].size() == spoken("Second. ").size(); }));
    EXPECT_TRUE(client->finals.empty()) << "a flush is no end";
    client->send(R"({"context_id":"b","close_context":true})");
    client->send(R"({"context_id":"a","close_context":true})");
    ASSERT_TRUE(test::run_until(loop, [&] { return client->finals.size() == 2; }));
    EXPECT_EQ(client->audio["a"], spoken("First. "));
    EXPECT_EQ(client->audio["b"], spoken("Second. "));
    client->send(R"({"close_socket":true})");
    ASSERT_TRUE(client->wait_for_close());
    EXPECT_EQ(client->closed_with, 1000);
}

TEST_F(StandinSocketTest, a_sixth_context_costs_the_whole_socket_even_if_a_keepalive_made_it) {
    const auto client = open("", "/multi-stream-input");
    for (const char* id : {"1", "2", "3", "4", "5"})
        client->send(std::string(R"({"text":"","context_id":")") + id + R"("})");
    EXPECT_TRUE(quiet(*client, 50ms));
    client->send(R"({"text":"","context_id":"6"})");
    ASSERT_TRUE(client->wait_for_close());
    EXPECT_EQ(client->errors, std::vector<std::string>{"max_active_conversations"});
    EXPECT_EQ(client->closed_with, 1008);
}

TEST_F(StandinSocketTest, settings_after_a_context_was_created_end_the_socket) {
    const auto client = open("", "/multi-stream-input");
    client->send(R"({"text":"","context_id":"a"})");
    client->send(R"({"text":"Hi. ","context_id":"a","voice_settings":{"stability":0.4}})");
    ASSERT_TRUE(client->wait_for_close());
    EXPECT_EQ(client->closed_with, 1008);
}

TEST_F(StandinSocketTest, an_idle_socket_takes_no_place_in_the_plan) {
    const auto client = open();
    client->send(R"({"text":" "})");
    EXPECT_TRUE(quiet(*client, 50ms));
    EXPECT_EQ(standin.in_progress(), 0);
    client->send(R"({"text":"Hello. ","flush":true})");
    ASSERT_TRUE(test::run_until(loop, [&] { return standin.in_progress() == 1; }));
    ASSERT_TRUE(test::run_until(loop, [&] { return standin.in_progress() == 0; }));
    EXPECT_TRUE(test::run_until(loop, [&] { return client->audio[""] == spoken(" Hello. "); }));
}

TEST(StandinTextBuffer, speaks_when_the_schedule_is_reached) {
    StandinTextBuffer buffer;
    EXPECT_TRUE(buffer.set_schedule({50, 60}));
    EXPECT_FALSE(buffer.add(std::string(49, 'a'), false));
    EXPECT_EQ(buffer.add("b", false)->size(), 50u);
    EXPECT_FALSE(buffer.add(std::string(59, 'a'), false));
    EXPECT_TRUE(buffer.add("b", false));
    EXPECT_FALSE(buffer.add(std::string(59, 'a'), false)) << "the last step holds on";
    EXPECT_TRUE(buffer.flush());
    EXPECT_FALSE(buffer.flush());
    EXPECT_FALSE(buffer.add("   ", true)) << "nothing to say";
    EXPECT_FALSE(buffer.set_schedule({49}));
    EXPECT_FALSE(buffer.set_schedule({501}));
}

}  // namespace
}  // namespace simulator
