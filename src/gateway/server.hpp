#pragma once
// The running server: one loop per thread, each listening on the same port; started, drained and stopped as a whole.

#include "gateway/drain.hpp"
#include "gateway/file_watch.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/options.hpp"
#include "gateway/routes.hpp"
#include "gateway/supervision.hpp"
#include "gateway/warm.hpp"
#include "net/http_server.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gateway {

class Server {
public:
    explicit Server(Options options);
    ~Server();

    std::expected<void, std::string> listen();
    std::uint16_t port() const;

    // Serves until it has drained. The first SIGTERM or SIGINT drains: no new calls, running ones go on for at most
    // Options::drain_max; the second ends them at once.
    // SIGHUP reads anew what may change meanwhile.
    void run();

    void drain();  // what the first signal does; from any thread

private:
    void watch_certificate();
    void reload();
    void reload_api_keys();
    void reload_numbers();
    void warm_greetings();
    void sweep_recordings();
    void on_signal();
    std::string status() const;
    void stop_loops();

    Switchboard switchboard_;
    std::vector<std::unique_ptr<Routes>> routes_;
    std::vector<std::unique_ptr<net::HttpServer>> servers_;
    std::unique_ptr<Warming> warming_;    // on the first loop
    std::unique_ptr<Warming> greetings_;  // of the numbers, as well
    std::unique_ptr<FileWatch> api_keys_watch_, numbers_watch_;
    std::vector<std::jthread> threads_;
    std::unique_ptr<net::Timer> next_sweep_;  // of recordings
    Drain drain_;
    Supervision supervision_;  // on the first loop
};

}  // namespace gateway
