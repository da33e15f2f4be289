#include "gateway/certificate.hpp"

#include "gateway/metrics_page.hpp"
#include "tests/gateway/clip_fixture.hpp"
#include "tests/net/certificate.hpp"
#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using namespace std::chrono_literals;
using gateway::Certificate;

class CertificateTest : public testing::Test {
protected:
    // Replaces the file as a whole, as renewing programs do.
    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path + ".new") << text;
        std::filesystem::rename(path + ".new", path);
    }
    test::Certificate install(long valid_for_s) {
        const auto made = test::make_certificate("DNS:phone.example.org", valid_for_s);
        write(files.chain, made.certificate_pem);
        write(files.key, made.key_pem);
        return made;
    }
    static std::chrono::seconds left(const Certificate& certificate) {
        return std::chrono::round<std::chrono::seconds>(certificate.expires() - std::chrono::system_clock::now());
    }

    test::TemporaryDirectory directory;
    const Certificate::Files files{directory / "chain.pem", directory / "key.pem"};
    net::EventLoop loop;
};

TEST_F(CertificateTest, that_cannot_be_used_stops_the_start_with_a_sentence) {
    try {
        const Certificate certificate(files);
        FAIL();
    } catch (const std::exception& failure) {
        EXPECT_TRUE(std::string(failure.what()).contains(files.chain)) << failure.what();
    }
    install(3600);
    write(files.key, test::make_certificate("DNS:other.example", 3600).key_pem);
    EXPECT_THROW(const Certificate certificate(files), std::runtime_error);
}

TEST_F(CertificateTest, tells_when_it_expires) {
    install(3600);
    const Certificate certificate(files);
    EXPECT_NEAR(static_cast<double>(left(certificate).count()), 3600, 60);
    const std::string page = gateway::render_certificate(certificate);
    const auto moment = std::to_string(certificate.expires().time_since_epoch().count());
    EXPECT_TRUE(page.contains("\nmouthpiece_tls_certificate_expiry_timestamp_seconds " + moment + "\n")) << page;
}

TEST_F(CertificateTest, renewed_in_the_files_is_taken_up_without_being_told) {
    install(3600);
    Certificate certificate(files);
    const auto first = certificate.tls();
    std::shared_ptr<const net::Tls> told;
    certificate.watch(loop, [&](const auto& tls) { told = tls; });
    install(7200);
    ASSERT_TRUE(test::run_until(loop, [&] { return told != nullptr; }));
    EXPECT_NE(told, first);
    EXPECT_EQ(told, certificate.tls());
    EXPECT_GT(left(certificate), 2h - 1min);
    EXPECT_EQ(certificate.renewed(), 1u);
}

TEST_F(CertificateTest, that_is_broken_leaves_the_one_before_in_use) {
    const auto right = install(3600);
    Certificate certificate(files);
    const auto first = certificate.tls();
    int told = 0;
    certificate.watch(loop, [&](const auto&) { ++told; });
    certificate.read_again();  // nothing has changed
    for (const std::string& wrong : {test::make_certificate("DNS:other.example", 3600).key_pem, std::string("nonsense"),
                                     right.key_pem.substr(0, right.key_pem.size() / 2), std::string()}) {
        write(files.key, wrong);
        certificate.read_again();
        EXPECT_EQ(certificate.tls(), first);
        const auto refused = certificate.refused();
        certificate.read_again();
        EXPECT_EQ(certificate.refused(), refused) << "told once";
    }
    EXPECT_GE(certificate.refused(), 2u);
    EXPECT_EQ(told, 0);
    write(files.key, right.key_pem);
    certificate.read_again();
    EXPECT_EQ(certificate.tls(), first);
    install(7200);
    certificate.read_again();
    EXPECT_NE(certificate.tls(), first);
    EXPECT_EQ(told, 1);
}

}  // namespace
