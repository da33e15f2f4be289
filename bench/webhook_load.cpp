// webhook-load: many webhooks, as fast as a server answers them, over a few connections that stay open, each for
// another call; one line of JSON. Their number is bounded and not their time, because a server may refuse calls beyond
// a limit.

#include "load/histogram.hpp"
#include "load/http_text.hpp"
#include "load/server_watch.hpp"
#include "load/speech_upstream.hpp"
#include "load/webhook.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>

namespace {

class Tester {
public:
    Tester(bench::Loop& loop, const bench::ServerWatch& server, std::uint64_t requests)
        : loop_(loop), server_(server), requests_(requests), warm_up_(requests / 10) {}

    // The next call, or none: all are asked.
    std::optional<std::string> next_call() {
        if (asked_ == requests_) return std::nullopt;
        return fmt::format("CA{:016x}{:016x}", bench::now_ns(), ++asked_);
    }
    void answered(std::int64_t took_ns, bool right) {
        ++answered_;
        if (!right) ++wrong_;
        if (answered_ > warm_up_) latency_.add(took_ns);
        if (answered_ == warm_up_) begun_ = reading();
        if (answered_ == requests_) loop_.stop();
    }
    void lost() {
        ++wrong_;
        loop_.stop();
    }
    bool all_right() const { return wrong_ == 0; }
    std::string report() const {
        const Reading now = reading();
        const auto measured = static_cast<double>(answered_ - warm_up_);
        const double seconds = static_cast<double>(now.at_ns - begun_.at_ns) / 1e9, cpu = now.cpu - begun_.cpu;
        return fmt::format(
            R"({{"requests":{},"wrong":{},"requests_per_second":{:.1f},"requests_per_cpu_second":{:.1f},)"
            R"("server_cpu_share":{:.3f},"latency_ms":{}}})",
            measured, wrong_, measured / seconds, cpu > 0 ? measured / cpu : 0, cpu / seconds, latency_.json());
    }

private:
    struct Reading {
        std::int64_t at_ns = 0;
        double cpu = 0;
    };
    Reading reading() const { return {.at_ns = bench::now_ns(), .cpu = server_.cpu_seconds()}; }

    bench::Loop& loop_;
    const bench::ServerWatch& server_;
    std::uint64_t requests_, warm_up_, asked_ = 0, answered_ = 0, wrong_ = 0;
    Reading begun_;
    bench::Histogram latency_;
};

class Asker final : public bench::Stream {
public:
    // From `begins_ns` on it asks again whenever it is answered. A scout asks for one call before.
    Asker(bench::Loop& loop, const bench::Plan& plan, SSL_CTX* tls, Tester& tester, std::int64_t begins_ns, bool scout)
        : Stream(loop, bench::Socket(bench::connect_to(plan.port), tls, false)),
          plan_(plan),
          tester_(tester),
          begins_ns_(begins_ns) {
        loop.plan(*this, scout ? bench::now_ns() : begins_ns);
    }

private:
    void ask() {
        const auto call_sid = tester_.next_call();
        if (!call_sid) return;
        asked_ns_ = bench::now_ns();
        send(bench::webhook_request(plan_, *call_sid));
    }
    void on_bytes(std::span<char> bytes) override {
        answer_.append(bytes.data(), bytes.size());
        const bench::HttpText answer = bench::first_message(answer_);
        if (answer.bytes == 0) return;
        tester_.answered(bench::now_ns() - asked_ns_,
                         answer.head.starts_with("HTTP/1.1 200") && bench::stream_parameters(answer.body));
        answer_.clear();
        if (bench::now_ns() < begins_ns_) return loop().plan(*this, begins_ns_);
        ask();
    }
    void on_gone() override { tester_.lost(); }
    void on_due(std::int64_t) override {
        ask();
        settle();
    }

    const bench::Plan& plan_;
    Tester& tester_;
    std::string answer_;
    std::int64_t begins_ns_, asked_ns_ = 0;
};

struct Settings {
    bench::Plan plan;
    bench::UpstreamPlan upstream;
    std::uint16_t upstream_port = 0;
    unsigned connections = 16;
    std::int64_t settle_ms = 0;
    std::uint64_t requests = 9'000;
    pid_t server = 0;
};

void declare(CLI::App& app, Settings& settings) {
    settings.plan.webhook_path = "/api/v1/elevenlabs-twilio/call/incoming";
    app.add_option("--port", settings.plan.port, "Of the server under test, on 127.0.0.1")->required();
    app.add_option("--webhook", settings.plan.webhook_path)->capture_default_str();
    app.add_option("--auth-token", settings.plan.auth_token, "Sign as Twilio does (default: no signatures)");
    app.add_option("--host", settings.plan.host, "The server's public name, which is signed")->capture_default_str();
    app.add_flag("--tls", settings.plan.tls, "https://, any certificate");
    app.add_option("--connections", settings.connections)->check(CLI::Range(1, 1'000))->capture_default_str();
    app.add_option("--settle-ms", settings.settle_ms,
                   "So long after the first call come the others; meanwhile the server can make the greeting");
    app.add_option("--requests", settings.requests, "The first tenth is not measured")->capture_default_str();
    app.add_option("--upstream-port", settings.upstream_port, "Play ElevenLabs there");
    app.add_option("--server-pid", settings.server, "Whose CPU time to report");
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("Asks a webhook as often as it answers.");
    declare(app, settings);
    CLI11_PARSE(app, argc, argv);
    bench::Loop loop;
    std::optional<bench::SpeechUpstream> upstream;
    if (settings.upstream_port != 0)
        upstream.emplace(loop, bench::listen_on(settings.upstream_port), settings.upstream);
    const bench::ServerWatch watch(settings.server);
    Tester tester(loop, watch, settings.requests);
    SSL_CTX* tls = settings.plan.tls ? bench::client_tls() : nullptr;
    const std::int64_t begins_ns = bench::now_ns() + settings.settle_ms * 1'000'000;
    for (unsigned i = 0; i < settings.connections; ++i)
        new Asker(loop, settings.plan, tls, tester, begins_ns, i == 0);  // the loop discards them
    loop.run();
    std::printf("%s\n", tester.report().c_str());
    return tester.all_right() ? 0 : 1;
}
