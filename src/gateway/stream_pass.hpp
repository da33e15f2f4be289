#pragma once
// The token of a stream, such that another server of ours can take the stream as well: sealed into it is what the
// webhook knew of the call. Servers that share TWILIO_AUTH_TOKEN open each other's.
//
// AES-256-GCM under a key derived from that token; the CallSid is authenticated with it, so a pass serves its own call
// only. Nothing of the caller can be read out of it. A server takes a pass once (CallDirectory); between servers its
// short life and the signature of the stream's upgrade keep it from being used twice.

#include "encoding/form.hpp"
#include "redacted.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX

namespace gateway {

// What a webhook tells of a call.
struct CallFacts {
    std::string account_sid, direction;
    Secret from, to;
    encoding::FormFields query;  // the operator's own part of the webhook's (own_query)
};

class StreamPasses {
public:
    using Clock = std::chrono::system_clock;  // servers agree on it
    using Time = Clock::time_point;
    enum class Fault { not_a_pass, expired };

    // With an empty secret there are no passes. `life`: clocks of several servers may differ by some of it.
    explicit StreamPasses(const Secret& secret, std::chrono::seconds life = std::chrono::seconds{120});

    // nullopt: there are no passes, or this call's facts do not fit into what Twilio carries (500 characters a
    // parameter).
    std::optional<Secret> issue(std::string_view call_sid, const CallFacts& facts, Time now);
    std::expected<CallFacts, Fault> open(std::string_view call_sid, std::string_view pass, Time now);

private:
    struct Free {
        void operator()(evp_cipher_ctx_st* cipher) const;
    };
    // With the key set up, which takes longer than to seal a pass. Null: there are no passes.
    using Cipher = std::unique_ptr<evp_cipher_ctx_st, Free>;
    using Nonce = std::array<std::byte, 12>;
    Nonce next_nonce();

    const std::chrono::seconds life_;
    std::mutex mutex_;  // every loop asks
    Cipher sealing_, opening_;
    std::uint64_t nonce_prefix_ = 0;
    std::uint32_t issued_ = 0;
};

}  // namespace gateway
