#pragma once
// A scripted server for the doctor to ask: an answer for each path, which a test may change.

#include "gateway/doctor_fetch.hpp"
#include "gateway/doctor_finding.hpp"
#include "gateway/options.hpp"
#include "tests/net/loopback_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

namespace test {

// Greets in plain text whoever connects: what a TLS client meets at the wrong port.
class PlainGreeter {
    using tcp = boost::asio::ip::tcp;

public:
    explicit PlainGreeter(net::EventLoop& loop)
        : guest_(loop), acceptor_(guest_.context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        acceptor_.async_accept([this](auto error, tcp::socket socket) {
            if (error) return;
            socket_.emplace(std::move(socket));
            boost::asio::write(*socket_, boost::asio::buffer("220 welcome\r\n", 13));
        });
    }
    std::string url() const { return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

private:
    AsioGuest guest_;
    tcp::acceptor acceptor_;
    std::optional<tcp::socket> socket_;
};

class DoctorTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
    }

    // By the longest path that the request's begins with.
    void answer(const std::string& path, const std::string& status, const std::string& body,
                const std::string& type = "application/json") {
        answers[path] = http_answer(status, type, body);
    }

    static const gateway::Finding& of(const gateway::Findings& findings, const std::string& check) {
        static const gateway::Finding none{"none", gateway::Verdict::cannot_tell, "there is no such finding", {}};
        const auto found = std::ranges::find(findings, check, &gateway::Finding::check);
        EXPECT_NE(found, findings.end()) << check;
        return found == findings.end() ? none : *found;
    }

    net::EventLoop loop;
    std::map<std::string, std::string> answers;
    LoopbackServer server{loop, [this](LoopbackServer::Peer& peer, const std::string& request) {
                              const std::string path = request.substr(request.find(' ') + 1);
                              for (auto entry = answers.rbegin(); entry != answers.rend(); ++entry) {
                                  if (path.starts_with(entry->first))
                                      return entry->second.empty() ? peer.reset() : peer.send(entry->second);
                              }
                              peer.send(http_answer("404 Not Found", "text/plain", "nothing"));
                          }};
    gateway::Fetcher fetcher{loop};
    gateway::Options options;
};

inline void expect(const gateway::Finding& finding, gateway::Verdict verdict, const std::string& mentions = {}) {
    EXPECT_EQ(finding.verdict, verdict) << finding.check << ": " << finding.says;
    EXPECT_TRUE((finding.says + " " + finding.advice).contains(mentions)) << finding.says << " -> " << finding.advice;
    EXPECT_TRUE(finding.says.ends_with('.')) << finding.says;
    EXPECT_TRUE(verdict != gateway::Verdict::problem || !finding.advice.empty()) << finding.check;
}

}  // namespace test
