#include "gateway/doctor.hpp"

#include "gateway/clip_files.hpp"
#include "gateway/doctor_machine.hpp"
#include "gateway/webhook.hpp"
#include "tests/gateway/clip_fixture.hpp"
#include "tests/gateway/doctor_fixture.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace {

using gateway::Verdict;
using test::expect;
using namespace std::chrono_literals;

const auto noon = std::chrono::system_clock::from_time_t(1'790'000'000);  // Mon, 21 Sep 2026 14:13:20 GMT

TEST(DoctorClock, bears_a_minute) {
    expect(gateway::examine_clock("Mon, 21 Sep 2026 14:13:20 GMT", noon), Verdict::ok);
    expect(gateway::examine_clock("Mon, 21 Sep 2026 14:13:20 GMT", noon + 60s), Verdict::ok);
    expect(gateway::examine_clock("Mon, 21 Sep 2026 14:13:20 GMT", noon + 61s), Verdict::problem, "61 s fast");
    expect(gateway::examine_clock("Mon, 21 Sep 2026 14:13:20 GMT", noon - 3601s), Verdict::problem, "3601 s slow");
}

TEST(DoctorClock, believes_only_dates) {
    for (const char* text : {"", "yesterday", "2026-09-21T13:33:20Z", "Mon, 21 Sep 2026 14:13:20 GMT+1"}) {
        expect(gateway::examine_clock(text, noon), Verdict::cannot_tell);
    }
}

class DoctorMachineTest : public test::DoctorTest {
protected:
    DoctorMachineTest() { options.host = "127.0.0.1"; }
    test::TemporaryDirectory temporary;
};

TEST_F(DoctorMachineTest, tells_a_free_port_from_ours_and_from_anothers) {
    const std::string prefix(gateway::api_prefix);
    options.port = server.port();
    answer(prefix + "/test", "200 OK", R"({"elevenlabs_configured":false,"instance":"abc"})");
    const auto ours = gateway::examine_port(fetcher, options);
    expect(ours.finding, Verdict::ok, "A Mouthpiece runs");
    EXPECT_EQ(ours.instance, "abc");

    answer(prefix + "/test", "200 OK", "<html>", "text/html");
    const auto anothers = gateway::examine_port(fetcher, options);
    expect(anothers.finding, Verdict::problem, "PORT");
    EXPECT_FALSE(anothers.instance);

    {
        test::LoopbackServer gone(loop, [](auto&, auto&) {});
        options.port = gone.port();
    }
    expect(gateway::examine_port(fetcher, options).finding, Verdict::ok, "free");
    options.host = "192.0.2.1";  // not this machine's
    expect(gateway::examine_port(fetcher, options).finding, Verdict::problem, "HOST");
}

TEST_F(DoctorMachineTest, hears_the_embedded_voice) {
    expect(gateway::examine_embedded_voice(), Verdict::ok, "ms of audio");
}

TEST_F(DoctorMachineTest, looks_at_the_cache_without_dropping_anything) {
    expect(gateway::examine_cache(options), Verdict::ok, "CACHE_DIR");
    options.cache_directory = (temporary / "clips").string();
    options.cache_disk_bytes_max = 1;
    gateway::ClipDigest key{};
    {
        gateway::ClipFiles files({.directory = {.path = options.cache_directory}});
        gateway::ClipFilesDoor door(loop, files);
        door.put(test::clip_key("Hello."), test::test_clip(500));
        key = gateway::digest_of(test::clip_key("Hello."));
    }
    expect(gateway::examine_cache(options), Verdict::ok, "holds 1 sentences");
    EXPECT_TRUE(std::filesystem::exists(temporary / "clips" / gateway::clip_file_name(key)));
    options.cache_directory = (temporary / "clips" / gateway::clip_file_name(key)).string();
    expect(gateway::examine_cache(options), Verdict::problem, "not a directory");
}

TEST(Doctor, takes_its_flags_and_leaves_the_servers) {
    std::vector<const char*> arguments{"--port", "9000", "--spend", "--json", "--voice-id=x"};
    const auto flags = gateway::take_doctor_flags(arguments);
    EXPECT_TRUE(flags.spend);
    EXPECT_TRUE(flags.json);
    EXPECT_EQ(arguments.size(), 3u);
    const auto none = gateway::take_doctor_flags(arguments);
    EXPECT_FALSE(none.spend || none.json);
}

TEST(Doctor, writes_one_finding_a_line_with_what_to_do) {
    const gateway::Findings findings{gateway::ok("port", "It is free."),
                                     gateway::problem("key", "It is refused.", "Copy it again."),
                                     gateway::cannot_tell("voice", "Nobody answers.")};
    EXPECT_EQ(gateway::render_text(findings),
              "ok           port            It is free.\n"
              "problem      key             It is refused. -> Copy it again.\n"
              "cannot tell  voice           Nobody answers.\n"
              "1 problem, 1 that cannot be told from here.\n");
    const auto json = boost::json::parse(gateway::render_json(findings));
    EXPECT_EQ(json.at("problems").to_number<int>(), 1);
    EXPECT_EQ(json.at("checks").at(1).at("advice"), "Copy it again.");
    EXPECT_EQ(json.at("checks").at(2).at("verdict"), "cannot tell");
}

TEST(Doctor, ends_with_1_when_the_configuration_cannot_be_read) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(gateway::run_doctor(std::unexpected("PORT must be a number."), {}), 1);
    EXPECT_TRUE(
        testing::internal::GetCapturedStdout().starts_with("problem      configuration   PORT must be a number."));
}

// The status follows the findings: a server that is set up and not running yet has nothing that is wrong.
TEST_F(DoctorMachineTest, ends_with_0_when_there_is_no_problem_and_1_when_there_is_one) {
    options.port = 0;
    options.auth_token = Secret("0123456789abcdef0123456789abcdef");
    testing::internal::CaptureStdout();
    EXPECT_EQ(gateway::run_doctor(options, {.json = true}), 0);
    const auto sound = boost::json::parse(testing::internal::GetCapturedStdout());
    EXPECT_EQ(sound.at("problems").to_number<int>(), 0);
    options.auth_token = {};
    testing::internal::CaptureStdout();
    EXPECT_EQ(gateway::run_doctor(options, {}), 1);
    EXPECT_TRUE(testing::internal::GetCapturedStdout().contains("1 problem,"));
}

}  // namespace
