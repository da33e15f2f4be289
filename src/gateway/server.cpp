#include "gateway/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

namespace gateway {

namespace {

using namespace std::chrono_literals;

constexpr auto drain_check_interval = 100ms;
constexpr auto drain_report_interval = 5s;
constexpr auto ticket_grace = 10s;  // a call answered just before the signal may still open its stream
constexpr auto last_words = 5s;     // for the operator's server to hear of the last call's end
constexpr auto farewell = 1s;       // for close frames to reach their peers after the last call was ended

}  // namespace

Server::Server(Options options)
    : switchboard_(std::move(options)),
      supervision_(switchboard_.event_loops(), switchboard_.options.supervision, [this] { return status(); }) {
    for (auto& loop : switchboard_.loops) {
        routes_.push_back(std::make_unique<Routes>(*loop));
        const Options& ours = switchboard_.options;
        net::HttpServer::Options listening{.host = ours.host,
                                           .limits = {},
                                           .request_timeout = ours.request_timeout,
                                           .idle_timeout = ours.idle_timeout,
                                           .census = &switchboard_.census};
        const std::size_t loops = switchboard_.loops.size();
        loop->events.waiting_room().set_bounds({.guests_max = std::max<std::size_t>(ours.waiting.guests_max / loops, 1),
                                                .bytes_max = ours.waiting.bytes_max / loops});
        if (switchboard_.certificate) listening.tls = switchboard_.certificate->tls();
        servers_.push_back(std::make_unique<net::HttpServer>(
            loop->events, listening,
            [&routes = *routes_.back()](const std::shared_ptr<net::Exchange>& exchange) { routes.handle(exchange); }));
    }
}

Server::~Server() {
    stop_loops();
}

std::expected<void, std::string> Server::listen() {
    if (const std::string& file = switchboard_.options.warm_file; !file.empty()) {
        auto phrases = read_phrase_file(file);
        if (!phrases) return std::unexpected(phrases.error());
        warming_ = warm_in_background(*switchboard_.loops.front(), std::move(*phrases));
    }
    if (const std::string& file = switchboard_.api.keys_file(); !file.empty()) {
        api_keys_watch_ =
            std::make_unique<FileWatch>(switchboard_.loops.front()->events, file, [this] { reload_api_keys(); });
    }
    std::uint16_t port = switchboard_.options.port;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (auto listening = servers_[i]->listen(port, i == 0); !listening) return listening;
        port = servers_[i]->port();  // a free port chosen by the first is everybody's
    }
    return {};
}

std::uint16_t Server::port() const {
    return servers_.front()->port();
}

void Server::run() {
    net::EventLoop& first = switchboard_.loops.front()->events;
    boost::asio::signal_set signals(first.context(), SIGTERM, SIGINT, SIGHUP);
    std::function<void()> await_signal = [&] {
        signals.async_wait([&](boost::system::error_code error, int number) {
            if (error) return;
            number == SIGHUP ? reload() : on_signal();
            await_signal();
        });
    };
    await_signal();
    watch_certificate();
    for (std::size_t i = 1; i < switchboard_.loops.size(); ++i) {
        threads_.emplace_back([&loop = *switchboard_.loops[i]] { loop.events.run(); });
    }
    first.post([this] { supervision_.ready(); });
    first.run();
    stop_loops();
}

void Server::reload() {
    spdlog::info("reloading");
    if (api_keys_watch_) api_keys_watch_->look_now();
    if (switchboard_.certificate) switchboard_.certificate->read_again();
}

void Server::reload_api_keys() {
    const auto read = switchboard_.api.reload();
    if (!read) return spdlog::error("the API keys stay as they were reason={:?}", read.error());
    if (*read) spdlog::info("API keys read keys={}", **read);
}

// Connections that are open keep the certificate they began with.
void Server::watch_certificate() {
    if (!switchboard_.certificate) return;
    switchboard_.certificate->watch(switchboard_.loops.front()->events, [this](const auto& tls) {
        for (std::size_t i = 0; i < servers_.size(); ++i) {
            switchboard_.loops[i]->events.post([&server = *servers_[i], tls] { server.use_tls(tls); });
        }
    });
}

// For `systemctl status`.
std::string Server::status() const {
    return fmt::format("{}, calls: {}", switchboard_.draining ? "finishing" : "taking calls",
                       switchboard_.directory.stream_count());
}

void Server::drain() {
    switchboard_.loops.front()->events.post([this] { on_signal(); });
}

void Server::on_signal() {
    if (switchboard_.draining.exchange(true)) {
        spdlog::warn("second signal, ending all calls calls={}", switchboard_.directory.stream_count());
        return end_calls();
    }
    net::EventLoop& loop = switchboard_.loops.front()->events;
    spdlog::info("draining calls={} at_most_s={}", switchboard_.directory.stream_count(),
                 std::chrono::duration_cast<std::chrono::seconds>(switchboard_.options.drain_max).count());
    drain_began_ = loop.now();
    drain_ends_ = drain_began_ + switchboard_.options.drain_max;
    supervision_.stopping(std::chrono::ceil<std::chrono::seconds>(switchboard_.options.drain_max));
    drain_check_ = std::make_unique<net::Timer>(loop.timers(), [this] { check_drained(); });
    check_drained();
}

void Server::check_drained() {
    net::EventLoop& loop = switchboard_.loops.front()->events;
    const auto now = loop.now();
    std::size_t calls = switchboard_.directory.stream_count();
    if (now < drain_began_ + ticket_grace) calls += switchboard_.directory.waiting_tickets();
    if (calls == 0 && !last_call_gone_) last_call_gone_ = now;
    const bool all_told = switchboard_.outbox->idle() || (last_call_gone_ && now >= *last_call_gone_ + last_words);
    if ((calls == 0 && all_told) || (ending_ && now >= drain_ends_)) {
        spdlog::info("drained");
        return loop.stop();
    }
    if (!ending_ && now >= drain_ends_) {
        spdlog::warn("the time to drain is over, ending all calls calls={}", calls);
        end_calls();
    }
    if (now >= next_report_) {
        next_report_ = now + drain_report_interval;
        spdlog::info("still draining calls={}", calls);
    }
    drain_check_->arm(now + drain_check_interval);
}

void Server::end_calls() {
    if (std::exchange(ending_, true)) return;
    drain_ends_ = switchboard_.loops.front()->events.now() + farewell;
    for (auto& loop : switchboard_.loops) loop->events.post([&services = *loop] { services.end_all_streams(); });
}

void Server::stop_loops() {
    for (auto& loop : switchboard_.loops) loop->events.stop();
    threads_.clear();
}

}  // namespace gateway
