#pragma once
// What Twilio asks when somebody calls: a signed form, and the TwiML it gets back.

#include "load/tally.hpp"
#include "wire/stream.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

// The whole HTTP request. Signed for https://`plan.host`, when there is a token.
std::string webhook_request(const Plan& plan, std::string_view call_sid);
// X-Twilio-Signature of the stream's upgrade, as a header line; empty without a token.
std::string upgrade_signature(const Plan& plan);

// The <Parameter>s of the <Stream> in an answer, as members of customParameters; nothing when no stream is asked for.
std::optional<std::string> stream_parameters(std::string_view twiml);

// Asks once; `done` is called when the caller has waited for the ringing to end, or at once when there is no TwiML.
class WebhookRequest final : public Stream {
public:
    using Done = std::function<void(std::optional<std::string> parameters)>;
    WebhookRequest(Loop& loop, const Plan& plan, SSL_CTX* tls, std::string_view call_sid, Tally& tally, Done done);

private:
    void on_bytes(std::span<char> bytes) override;
    void on_gone() override;
    void on_due(std::int64_t now_ns) override;

    Tally& tally_;
    std::uint32_t ring_ms_;
    Done done_;
    std::string answer_;
    std::optional<std::string> parameters_;
    std::int64_t asked_ns_;
};

}  // namespace bench
