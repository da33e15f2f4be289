// HttpClient against a TLS server with a certificate made for the test: it is believed only where it is trusted, named
// and in date.

#include "net/http_client.hpp"
#include "tests/net/certificate.hpp"
#include "tests/net/loopback_server.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using net::HttpClient;
using net::TransportError;
namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;

using test::Certificate;
using test::make_certificate;

// Answers every request on every TLS connection with "secret".
class TlsServer {
public:
    TlsServer(net::EventLoop& loop, const Certificate& certificate)
        : guest_(loop),
          context_(ssl::context::tls_server),
          acceptor_(guest_.context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        context_.use_certificate(boost::asio::buffer(certificate.certificate_pem), ssl::context::pem);
        context_.use_private_key(boost::asio::buffer(certificate.key_pem), ssl::context::pem);
        accept();
    }
    std::string url() const { return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/"; }

    std::size_t handshakes = 0, resumed = 0, requests = 0;
    bool close_after_answer = false;

private:
    struct Session {
        ssl::stream<tcp::socket> stream;
        char bytes[4096];
    };

    void accept() {
        acceptor_.async_accept([this](auto error, tcp::socket socket) {
            if (error) return;
            Session& session = *sessions_.emplace_back(new Session{{std::move(socket), context_}, {}});
            session.stream.async_handshake(ssl::stream_base::server, [this, &session](auto failed) {
                if (failed) return;
                ++handshakes;
                if (SSL_session_reused(session.stream.native_handle()) == 1) ++resumed;
                serve(session);
            });
            accept();
        });
    }

    void serve(Session& session) {
        const auto answered = [this, &session](auto failed, std::size_t) {
            if (failed) return;
            if (!close_after_answer) return serve(session);
            session.stream.async_shutdown([&session](auto) { session.stream.next_layer().close(); });
        };
        const auto received = [this, &session, answered](auto failed, std::size_t) {
            if (failed) return;
            ++requests;
            static const std::string answer = test::http_answer("200 OK", "text/plain", "secret");
            boost::asio::async_write(session.stream, boost::asio::buffer(answer), answered);
        };
        session.stream.async_read_some(boost::asio::buffer(session.bytes), received);
    }

    test::AsioGuest guest_;
    ssl::context context_;
    tcp::acceptor acceptor_;
    std::vector<std::unique_ptr<Session>> sessions_;
};

struct Answer final : HttpClient::Listener {
    void on_head(const net::IncomingHead&) override {}
    void on_body(std::span<const char> bytes) override { body.append(bytes.begin(), bytes.end()); }
    void on_done(std::expected<void, TransportError> its_result) override { result = std::move(its_result); }
    std::string body;
    std::optional<std::expected<void, TransportError>> result;
};

class HttpClientTls : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
    }
    void SetUp() override {
        trusted_file = testing::TempDir() + "/mouthpiece-trusted-" + std::to_string(::getpid()) + ".pem";
    }
    void TearDown() override { std::filesystem::remove(trusted_file); }

    void trust(const Certificate& certificate) {
        std::FILE* file = std::fopen(trusted_file.c_str(), "w");
        ASSERT_NE(file, nullptr);
        std::fputs(certificate.certificate_pem.c_str(), file);
        std::fclose(file);
    }
    Answer fetch(HttpClient& client, const TlsServer& server) {
        Answer answer;
        const auto transfer = client.start({.method = "GET", .url = server.url()}, answer);
        EXPECT_TRUE(test::run_until(loop, [&] { return answer.result.has_value(); }));
        return answer;
    }

    net::EventLoop loop;
    std::string trusted_file;
};

TEST_F(HttpClientTls, refuses_a_certificate_that_nobody_trusts) {
    TlsServer server(loop, make_certificate("IP:127.0.0.1", 3600));
    HttpClient client(loop, {});
    const Answer answer = fetch(client, server);
    ASSERT_FALSE(*answer.result);
    EXPECT_EQ(answer.result->error().kind, TransportError::Kind::tls);
    EXPECT_EQ(server.requests, 0u);  // nothing was sent, no key in particular
}

TEST_F(HttpClientTls, refuses_a_trusted_certificate_of_another_name_or_out_of_date) {
    for (const Certificate& certificate :
         {make_certificate("DNS:elsewhere.example", 3600), make_certificate("IP:127.0.0.1", -60)}) {
        TlsServer server(loop, certificate);
        trust(certificate);
        HttpClient client(loop, {.ca_file = trusted_file});
        const Answer answer = fetch(client, server);
        ASSERT_FALSE(*answer.result);
        EXPECT_EQ(answer.result->error().kind, TransportError::Kind::tls);
        EXPECT_EQ(server.requests, 0u);
    }
}

TEST_F(HttpClientTls, talks_to_a_trusted_server_and_shakes_hands_once) {
    const Certificate certificate = make_certificate("IP:127.0.0.1", 3600);
    TlsServer server(loop, certificate);
    trust(certificate);
    HttpClient client(loop, {.ca_file = trusted_file});
    for (int i = 0; i < 20; ++i) EXPECT_EQ(fetch(client, server).body, "secret");
    EXPECT_EQ(server.handshakes, 1u);
    EXPECT_EQ(server.requests, 20u);
}

TEST_F(HttpClientTls, resumes_the_tls_session_when_it_has_to_connect_again) {
    const Certificate certificate = make_certificate("IP:127.0.0.1", 3600);
    TlsServer server(loop, certificate);
    server.close_after_answer = true;
    trust(certificate);
    HttpClient client(loop, {.ca_file = trusted_file});
    EXPECT_EQ(fetch(client, server).body, "secret");
    EXPECT_EQ(server.resumed, 0u);

    // Several at once use handles that have never seen the server: the session is the client's, not the handle's.
    std::vector<Answer> answers(4);
    std::vector<std::unique_ptr<HttpClient::Transfer>> transfers;
    for (auto& answer : answers) transfers.push_back(client.start({.method = "GET", .url = server.url()}, answer));
    const auto done = [](const Answer& answer) { return answer.result.has_value(); };
    ASSERT_TRUE(test::run_until(loop, [&] { return std::ranges::all_of(answers, done); }));
    EXPECT_EQ(server.handshakes, 5u);
    EXPECT_EQ(server.resumed, 4u);
}

}  // namespace
