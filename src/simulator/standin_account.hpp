#pragma once
// The ElevenLabs account the stand-in plays: its key, voices, models and plan, and what the service says about them.

#include "http/message.hpp"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace simulator {

struct StandinVoice {
    std::string_view id, name, gender, description;
    double speed, gain;  // how it differs from flite's own, so that a test can tell voices apart
};

struct StandinModel {
    std::string_view id, name;
    bool speaks;             // false: not a text-to-speech model
    bool streams_by_socket;  // served on stream-input
    bool takes_context;      // previous_text and next_text
    std::size_t characters_max;
    double cost_per_character;
};

struct StandinAccount {
    std::string key;              // empty: any key will do
    bool may_read_voices = true;  // false: the key lacks voices_read and user_read
    std::size_t requests_at_once_max = 20;
    std::size_t characters_used = 1'200, characters_max = 500'000;
};

std::span<const StandinVoice> standin_voices();
std::span<const StandinModel> standin_models();
const StandinVoice* find_voice(std::string_view id);
const StandinModel* find_model(std::string_view id);

// {"detail":{type, code, message, status, request_id}} with the headers that error replies carry.
struct Refusal {
    int status;
    std::string_view type, code, legacy_status;
    std::string message;
    std::string_view param = {};
};
http::Response refuse(const Refusal& refusal);

// Who is asking? An error when the key does not open the account.
std::expected<void, http::Response> check_key(const StandinAccount& account, const http::Request& request);

// GET of everything that is not speech; 404 for unknown paths.
http::Response read_account(const StandinAccount& account, const http::Request& request);

}  // namespace simulator
