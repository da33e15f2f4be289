// webhook-load: as many webhooks as a server answers, over a few connections that stay open, each for another call; one
// line of JSON.

#include "load/histogram.hpp"
#include "load/http_text.hpp"
#include "load/server_watch.hpp"
#include "load/webhook.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

namespace {

struct Count {
    std::uint64_t asked = 0, answered = 0, wrong = 0;
    bench::Histogram latency;
};

class Asker final : public bench::Stream {
public:
    Asker(bench::Loop& loop, const bench::Plan& plan, SSL_CTX* tls, Count& count)
        : Stream(loop, bench::Socket(bench::connect_to(plan.port), tls, false)), plan_(plan), count_(count) {
        ask();
    }

private:
    void ask() {
        asked_ns_ = bench::now_ns();
        send(bench::webhook_request(plan_, fmt::format("CA{:016x}{:016x}", asked_ns_, ++count_.asked)));
    }
    void on_bytes(std::span<char> bytes) override {
        answer_.append(bytes.data(), bytes.size());
        const bench::HttpText answer = bench::first_message(answer_);
        if (answer.bytes == 0) return;
        ++count_.answered;
        count_.latency.add(bench::now_ns() - asked_ns_);
        if (!answer.head.starts_with("HTTP/1.1 200") || !bench::stream_parameters(answer.body)) ++count_.wrong;
        answer_.clear();
        ask();
    }
    void on_gone() override { ++count_.wrong; }
    void on_due(std::int64_t) override {}

    const bench::Plan& plan_;
    Count& count_;
    std::string answer_;
    std::int64_t asked_ns_ = 0;
};

// Warms the server up, measures, ends.
class Clock final : public bench::Actor {
public:
    Clock(bench::Loop& loop, const Count& count, const bench::ServerWatch& server, double seconds)
        : loop_(loop), count_(count), server_(server), seconds_(seconds), begun_ns_(bench::now_ns()) {
        loop_.plan(*this, begun_ns_);
    }
    std::string report() const {
        const double seconds = static_cast<double>(ended_ns_ - measured_from_ns_) / 1e9;
        const auto answered = static_cast<double>(answered_);
        return fmt::format(
            R"({{"requests":{},"wrong":{},"requests_per_second":{:.1f},"requests_per_cpu_second":{:.1f},)"
            R"("server_cpu_share":{:.3f},"latency_ms":{}}})",
            answered_, count_.wrong, answered / seconds, cpu_ > 0 ? answered / cpu_ : 0, cpu_ / seconds,
            count_.latency.json());
    }

private:
    void on_ready(std::uint32_t) override {}
    void on_due(std::int64_t now) override {
        constexpr std::int64_t warm_up_ns = 1'000'000'000;
        if (measured_from_ns_ == 0 && now > begun_ns_ + warm_up_ns) {
            measured_from_ns_ = now;
            answered_before_ = count_.answered;
            cpu_before_ = server_.cpu_seconds();
        }
        if (measured_from_ns_ != 0 && now > measured_from_ns_ + static_cast<std::int64_t>(seconds_ * 1e9)) {
            ended_ns_ = now;
            answered_ = count_.answered - answered_before_;
            cpu_ = server_.cpu_seconds() - cpu_before_;
            loop_.stop();
            return;
        }
        loop_.plan(*this, now + 10'000'000);
    }

    bench::Loop& loop_;
    const Count& count_;
    const bench::ServerWatch& server_;
    double seconds_, cpu_before_ = 0, cpu_ = 0;
    std::int64_t begun_ns_, measured_from_ns_ = 0, ended_ns_ = 0;
    std::uint64_t answered_before_ = 0, answered_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    bench::Plan plan;
    plan.webhook_path = "/api/v1/elevenlabs-twilio/call/incoming";
    unsigned connections = 16;
    double seconds = 5;
    pid_t server = 0;
    CLI::App app("Asks a webhook as often as it answers.");
    app.add_option("--port", plan.port, "Of the server under test, on 127.0.0.1")->required();
    app.add_option("--webhook", plan.webhook_path)->capture_default_str();
    app.add_option("--auth-token", plan.auth_token, "Sign as Twilio does (default: no signatures)");
    app.add_option("--host", plan.host, "The server's public name, which is signed")->capture_default_str();
    app.add_flag("--tls", plan.tls, "https://, any certificate");
    app.add_option("--connections", connections)->capture_default_str();
    app.add_option("--seconds", seconds)->capture_default_str();
    app.add_option("--server-pid", server, "Whose CPU time to report");
    CLI11_PARSE(app, argc, argv);
    bench::Loop loop;
    const bench::ServerWatch watch(server);
    Count count;
    SSL_CTX* tls = plan.tls ? bench::client_tls() : nullptr;
    for (unsigned i = 0; i < connections; ++i) new Asker(loop, plan, tls, count);  // the loop discards them
    Clock clock(loop, count, watch, seconds);
    loop.run();
    std::printf("%s\n", clock.report().c_str());
    return count.wrong == 0 ? 0 : 1;
}
