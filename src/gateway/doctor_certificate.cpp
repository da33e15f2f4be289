#include "gateway/doctor_certificate.hpp"

#include "gateway/request_trust.hpp"
#include "net/tls.hpp"
#include "net/websocket_client.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace gateway {

namespace {

constexpr std::chrono::days renewal_is_late{14};  // certificates of 90 days are renewed after 60

std::string public_host(const Options& options) {
    const auto target = net::parse_websocket_url(websocket_url(options.public_url, ""));
    return target ? target->host : std::string();
}

}  // namespace

Finding examine_certificate(const Options& options, std::chrono::system_clock::time_point now) {
    const std::string check = "certificate";
    if (options.tls_certificate_file.empty()) {
        return ok(check, "The server has none and speaks plain HTTP, for a proxy in front.",
                  "Without a proxy set TLS_CERT_FILE and TLS_KEY_FILE.");
    }
    const auto tls = net::Tls::server(options.tls_certificate_file, options.tls_key_file);
    if (!tls) {
        return problem(check, fmt::format("The server could not start: {}.", tls.error()),
                       "Let TLS_CERT_FILE and TLS_KEY_FILE name a certificate and its key.");
    }
    const auto expires = (*tls)->expires();
    const auto left = std::chrono::floor<std::chrono::days>(expires - now);
    if (expires <= now) {
        return problem(check, fmt::format("It has expired on {:%Y-%m-%d}: Twilio refuses it.", expires),
                       "Renew it; a running server takes it up by itself.");
    }
    if (left < renewal_is_late) {
        return problem(check, fmt::format("It expires in {} days, on {:%Y-%m-%d}.", left.count(), expires),
                       "Look at what should have renewed it.");
    }
    const std::string host = options.public_url.empty() ? std::string() : public_host(options);
    if (const auto believed = (*tls)->believed_for(host); !believed) {
        return problem(check,
                       fmt::format("Twilio will not believe it{}: {}.",
                                   host.empty() ? "" : fmt::format(" for {}", host), believed.error()),
                       "Take one of a public authority for the name in WEBHOOK_BASE_URL, with its whole chain in "
                       "TLS_CERT_FILE (certbot: fullchain.pem).");
    }
    return ok(check,
              fmt::format("Good for {} days{}.", left.count(), host.empty() ? "" : fmt::format(", for {}", host)));
}

}  // namespace gateway
