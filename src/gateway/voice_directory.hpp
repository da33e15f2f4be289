#pragma once
// ElevenLabs' voices for the API: which there are, and whether one may be used. Three answers, because a key may be
// allowed to speak and not to look: valid, invalid, unknown. One loop's; answers are kept for a while.

#include "elevenlabs/account_message.hpp"
#include "gateway/fetches.hpp"
#include "gateway/options.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway {

enum class Validity { valid, invalid, unknown };
const char* name_of(Validity validity);

struct VoiceVerdict {
    Validity validity = Validity::unknown;
    std::string reason{};  // a sentence, unless it is valid
    elevenlabs::VoiceEntry voice{};
};

struct VoiceList {
    bool known = false;
    std::string reason{};  // a sentence, unless it is known
    std::vector<elevenlabs::VoiceEntry> voices{};
};

class VoiceDirectory {
public:
    using Instant = std::chrono::steady_clock::time_point;
    VoiceDirectory(const Options& options, Fetches& fetches, std::function<Instant()> now)
        : options_(options), fetches_(fetches), now_(std::move(now)) {}

    // `done` may be called at once.
    void find(const std::string& voice_id, std::function<void(const VoiceVerdict&)> done);
    void list(std::function<void(const VoiceList&)> done);

private:
    template <class Value>
    struct Kept {
        Value value;
        Instant until;
    };
    net::OutgoingRequest request(const std::string& path) const;
    void keep(const std::string& voice_id, const VoiceVerdict& verdict);

    const Options& options_;
    Fetches& fetches_;
    std::function<Instant()> now_;
    std::unordered_map<std::string, Kept<VoiceVerdict>> verdicts_;
    std::optional<Kept<VoiceList>> list_;
};

}  // namespace gateway
