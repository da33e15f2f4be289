#pragma once
// Who may use what is not Twilio's: the one place that decides. A route states what it demands (routes.cpp), and is
// asked only when that is met.
//
// With keys set, a caller of the API shows one of them: `Authorization: Bearer KEY` or `X-API-Key: KEY`. Without, the
// API answers this machine only, and no web page that happens to be open on it: not one that has made its own name lead
// here (DNS rebinding: the Host is not ours), not one of another origin, and nobody whom a proxy on this machine passes
// on.

#include "gateway/api_keys.hpp"
#include "http/message.hpp"
#include "net/ip_address.hpp"

#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gateway {

enum class Access {
    everybody,  // says nothing that is of use to a stranger
    twilio,     // checks Twilio's signature itself (request_trust.hpp)
    api,        // an API key, or this machine
    our_page,   // a browser with a page of ours; what it sends first shows a token that the API gave it
};

// Why somebody is kept out; name_of() is the label in the metrics.
enum class Denial { no_key, wrong_key, not_local, foreign_page, not_our_page };
const char* name_of(Denial denial);
http::Response refusal_of(Denial denial);

// Asked by every loop, about the API's requests only.
class ApiAccess {
public:
    struct Options {
        Secret keys;            // comma separated
        std::string keys_file;  // one a line; both count
    };
    explicit ApiAccess(Options options);  // throws when the keys cannot be read

    // Reads the keys anew. The error is a sentence, and then those read before go on counting. Returns how many there
    // are when they have changed.
    std::expected<std::optional<std::size_t>, std::string> reload();

    // nullopt: come in. `peer` is the other end of the connection.
    std::optional<Denial> denial(const http::Request& request, const std::optional<net::IpAddress>& peer) const;

    const std::string& keys_file() const { return options_.keys_file; }

private:
    std::shared_ptr<const ApiKeys> keys() const;

    Options options_;
    mutable std::mutex mutex_;
    std::shared_ptr<const ApiKeys> keys_ = std::make_shared<const ApiKeys>();
};

}  // namespace gateway
