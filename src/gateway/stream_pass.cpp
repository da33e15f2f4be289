#include "gateway/stream_pass.hpp"

#include "encoding/base64.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace gateway {

namespace {

// Twilio: name and value of a <Parameter> below 500 characters together.
constexpr std::size_t pass_characters_max = 490;
constexpr std::string_view pass_purpose = "mouthpiece stream pass 1";
constexpr std::string_view own_prefix = "q.";  // of the names in the query

long long seconds_of(StreamPasses::Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string written(const CallFacts& facts, long long expires) {
    encoding::FormFields fields{{"e", fmt::to_string(expires)},
                                {"a", facts.account_sid},
                                {"d", facts.direction},
                                {"f", std::string(facts.from.reveal())},
                                {"t", std::string(facts.to.reveal())}};
    for (const auto& [name, value] : facts.query) fields.emplace_back(fmt::format("{}{}", own_prefix, name), value);
    return encoding::write_form(fields);
}

CallFacts facts_in(const encoding::FormFields& fields) {
    const auto field = [&](const char* name) { return std::string(encoding::find(fields, name).value_or("")); };
    CallFacts facts{.account_sid = field("a"),
                    .direction = field("d"),
                    .from = Secret(field("f")),
                    .to = Secret(field("t")),
                    .query = {}};
    for (const auto& [name, value] : fields) {
        if (name.starts_with(own_prefix)) facts.query.emplace_back(name.substr(own_prefix.size()), value);
    }
    return facts;
}

}  // namespace

StreamPasses::StreamPasses(const Secret& secret, std::chrono::seconds life)
    : life_(life), seal_(secret, pass_purpose) {}

std::optional<Secret> StreamPasses::issue(std::string_view call_sid, const CallFacts& facts, Time now) {
    if (!seal_.usable()) return std::nullopt;
    std::string pass = encoding::to_base64(seal_.close(call_sid, written(facts, seconds_of(now + life_))));
    if (pass.size() > pass_characters_max) return std::nullopt;
    return Secret(std::move(pass));
}

std::expected<CallFacts, StreamPasses::Fault> StreamPasses::open(std::string_view call_sid, std::string_view pass,
                                                                 Time now) {
    if (pass.size() > pass_characters_max) return std::unexpected(Fault::not_a_pass);
    auto sealed = encoding::from_base64(pass);
    // One spelling only: the bits that padding leaves over would make a used pass look like another one.
    if (!sealed || encoding::to_base64(*sealed) != pass) return std::unexpected(Fault::not_a_pass);
    const auto text = seal_.open(call_sid, *sealed);
    if (!text) return std::unexpected(Fault::not_a_pass);
    // Authentic: written by one of us.
    const auto fields = encoding::parse_form(*text).value_or(encoding::FormFields{});
    const auto expires = encoding::find(fields, "e").value_or("");
    long long until = 0;
    std::from_chars(expires.data(), expires.data() + expires.size(), until);
    if (seconds_of(now) >= until) return std::unexpected(Fault::expired);
    return facts_in(fields);
}

}  // namespace gateway
