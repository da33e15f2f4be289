#include "gateway/server.hpp"

#include "net/signals.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

namespace gateway {

Server::Server(Options options)
    : switchboard_(std::move(options)),
      drain_(switchboard_, servers_, [this] { switchboard_.loops.front()->events.stop(); }),
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
    for (auto& loop : switchboard_.loops) loop->events.settle();  // what was posted to it may still refer to us
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
    if (const std::string& file = switchboard_.numbers.path(); !file.empty()) {
        numbers_watch_ =
            std::make_unique<FileWatch>(switchboard_.loops.front()->events, file, [this] { reload_numbers(); });
        warm_greetings();
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
    const net::Signals signals(first, {SIGTERM, SIGINT, SIGHUP},
                               [this](int signal) { signal == SIGHUP ? reload() : on_signal(); });
    watch_certificate();
    if (switchboard_.recorder) sweep_recordings();
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
    if (numbers_watch_) numbers_watch_->look_now();
    if (switchboard_.certificate) switchboard_.certificate->read_again();
}

void Server::reload_api_keys() {
    const auto read = switchboard_.api.reload();
    if (!read) return spdlog::error("the API keys stay as they were reason={:?}", read.error());
    if (*read) spdlog::info("API keys read keys={}", **read);
}

void Server::reload_numbers() {
    const auto rules = switchboard_.numbers.reload();
    if (!rules) return spdlog::error("the numbers stay as they were reason={:?}", rules.error());
    spdlog::info("numbers read rules={}", *rules);
    warm_greetings();
}

// Those that are cached already cost nothing.
void Server::warm_greetings() {
    const NumbersFile& numbers = switchboard_.numbers;
    auto greetings = greetings_of(*numbers.rules(), numbers.servers());
    greetings_ = greetings.empty() ? nullptr : warm_in_background(*switchboard_.loops.front(), std::move(greetings));
}

// Those that are too old go within the hour.
void Server::sweep_recordings() {
    net::EventLoop& first = switchboard_.loops.front()->events;
    if (!next_sweep_) next_sweep_ = std::make_unique<net::Timer>(first.timers(), [this] { sweep_recordings(); });
    next_sweep_->arm(first.now() + std::chrono::hours(1));
    switchboard_.recorder->sweep();
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
    const bool first = !switchboard_.draining;
    drain_.signal();
    if (first) supervision_.stopping(std::chrono::ceil<std::chrono::seconds>(switchboard_.options.drain_max));
}

void Server::stop_loops() {
    for (auto& loop : switchboard_.loops) loop->events.stop();
    threads_.clear();
}

}  // namespace gateway
