#include "gateway/doctor_certificate.hpp"

#include "tests/gateway/clip_fixture.hpp"
#include "tests/gateway/doctor_fixture.hpp"
#include "tests/net/certificate.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace {

using gateway::Verdict;
using test::expect;

class DoctorCertificateTest : public testing::Test {
protected:
    // The authorities of this test's own system: the certificate itself, or somebody else.
    void SetUp() override { believe(test::make_certificate("DNS:other.example", 3600)); }
    void TearDown() override { ::unsetenv("SSL_CERT_FILE"); }

    test::Certificate install(const std::string& names, long valid_for_s) {
        const auto made = test::make_certificate(names, valid_for_s);
        std::ofstream(options.tls_certificate_file = directory / "chain.pem") << made.certificate_pem;
        std::ofstream(options.tls_key_file = directory / "key.pem") << made.key_pem;
        return made;
    }
    void believe(const test::Certificate& authority) {
        const std::string file = directory / "authorities.pem";
        std::ofstream(file) << authority.certificate_pem;
        ::setenv("SSL_CERT_FILE", file.c_str(), 1);
    }
    gateway::Finding finding() const { return gateway::examine_certificate(options, std::chrono::system_clock::now()); }

    static constexpr long day_s = 86'400;
    test::TemporaryDirectory directory;
    gateway::Options options;
};

TEST_F(DoctorCertificateTest, without_one_a_proxy_is_expected) {
    expect(finding(), Verdict::ok, "proxy");
}

TEST_F(DoctorCertificateTest, is_content_with_a_believed_one_for_the_public_name) {
    options.public_url = "https://phone.example.org:8443";
    believe(install("DNS:phone.example.org", 60 * day_s + 60));
    expect(finding(), Verdict::ok, "60 days, for phone.example.org");
    options.public_url.clear();
    expect(finding(), Verdict::ok, "60 days");
}

TEST_F(DoctorCertificateTest, sees_what_twilio_would_not_believe) {
    options.public_url = "https://phone.example.org";
    install("DNS:phone.example.org", 60 * day_s);
    expect(finding(), Verdict::problem, "self-signed");
    believe(install("DNS:elsewhere.example", 60 * day_s));
    expect(finding(), Verdict::problem, "phone.example.org");
}

TEST_F(DoctorCertificateTest, sees_what_is_not_renewed) {
    believe(install("DNS:phone.example.org", 13 * day_s));
    expect(finding(), Verdict::problem, "in 12 days");
    believe(install("DNS:phone.example.org", -60));
    expect(finding(), Verdict::problem, "expired");
}

TEST_F(DoctorCertificateTest, sees_files_that_are_not_a_pair) {
    install("DNS:phone.example.org", 60 * day_s);
    std::ofstream(options.tls_key_file) << test::make_certificate("DNS:other.example", 3600).key_pem;
    expect(finding(), Verdict::problem, "does not belong");
}

}  // namespace
