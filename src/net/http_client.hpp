#pragma once
// HTTP requests outward, by libcurl's multi interface on the loop: pooled and reused connections, TLS verified, bodies
// handed on as they arrive. One client a loop. HTTP/1.1: one answer a connection, so a lost packet delays one voice and
// not all of them. Redirects are not followed, since they would carry the key to somebody else. The environment's
// proxies (https_proxy, http_proxy, no_proxy) are respected.

#include "net/event_loop.hpp"

#include <chrono>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace net {

class CurlMulti;

struct OutgoingRequest {
    std::string method = "POST";
    std::string url{};
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::chrono::milliseconds connect_timeout{3'000};  // name resolution, TCP and TLS together
    std::chrono::milliseconds total_timeout{120'000};  // from start(), waiting for a free connection included
    std::size_t body_bytes_max = 64u << 20;
    // Not on a kept connection: when that turns out to be dead, curl sends the request again, which must not happen to
    // one that is not to be carried out twice.
    bool fresh_connection = false;
};

struct IncomingHead {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;         // names in lower case
    std::string_view header(std::string_view lower_case_name) const;  // the first of that name; empty when absent
};

struct TransportError {
    enum class Kind {
        resolve,
        connect,
        tls,        // handshake, or a certificate that is not trusted
        timeout,    // either of the request's two
        cut_off,    // the connection ended before the answer did
        too_large,  // more than body_bytes_max
        other,      // not HTTP, a request that cannot be sent
    };
    Kind kind = Kind::other;
    std::string reason;  // one phrase, for people; may name the host
};

class HttpClient {
public:
    class Listener {
    public:
        virtual void on_head(const IncomingHead& head) = 0;     // of the final response, not of a 100 or a redirect
        virtual void on_body(std::span<const char> bytes) = 0;  // all that one wake-up of the loop brought
        virtual void on_done(std::expected<void, TransportError> result) = 0;  // once, last

    protected:
        ~Listener() = default;
    };
    // A request under way: destroying it cancels it, also from inside a callback. No callback comes from inside
    // start().
    class Transfer {
    public:
        virtual ~Transfer() = default;
    };

    struct Options {
        std::size_t connections_per_host_max =
            64;  // further requests wait for one of these; idle ones are kept for reuse
        std::string user_agent = "mouthpiece";
        std::string ca_file{};    // empty: the system's
        bool verify_peer = true;  // false: any certificate is believed
        // Connect to public addresses only, whatever a name resolves to; and past any proxy, which would not look.
        bool public_addresses_only = false;
    };
    HttpClient(EventLoop& loop, Options options);
    // Cancels what is under way; what is left of its Transfers is inert. Not to be destroyed from inside a callback.
    ~HttpClient();

    std::unique_ptr<Transfer> start(OutgoingRequest request, Listener& listener);

private:
    std::unique_ptr<CurlMulti> multi_;
};

}  // namespace net
