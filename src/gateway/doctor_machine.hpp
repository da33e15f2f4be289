#pragma once
// The doctor at this machine: port, embedded voice, cache.

#include "gateway/doctor_fetch.hpp"
#include "gateway/doctor_finding.hpp"
#include "gateway/options.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

// Headers that show a server its own auth token is known here, so that its health page tells more than to strangers.
std::vector<std::pair<std::string, std::string>> introduction(const Options& options);

// The instance a Mouthpiece names on its health page, empty when it does not know us; nothing when the page is somebody
// else's.
std::optional<std::string> instance_of(const Fetched& health_page);

struct PortFinding {
    Finding finding;
    std::optional<std::string> instance;  // of the server that runs here already
};
// Where the server with these options answers on this machine: "http://127.0.0.1:8001". Its certificate names its
// public address, and so not this one.
std::string local_url(const Options& options);
inline const net::HttpClient::Options without_names{.verify_peer = false};

PortFinding examine_port(Fetcher& fetcher, const Options& options);

// Compares this machine's clock with the Date header of a reply that came at `now`.
Finding examine_clock(std::string_view date_header, std::chrono::system_clock::time_point now);

Finding examine_embedded_voice();
Finding examine_cache(const Options& options);
Findings examine_numbers(const Options& options);  // none when there is no file of them

}  // namespace gateway
