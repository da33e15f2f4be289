// The simulated Twilio's reader of TwiML. Whatever comes: a document or one notice why not, and in a document only what
// Twilio's limits allow. What our own writer writes of any text is read back as it was, without a warning.

#include "simulator/twiml_reader.hpp"

#include "twilio/twiml.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using simulator::ConnectStream;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_stream(const ConnectStream& stream, bool plain_streams) {
    require(stream.url.find_first_of("?#") == std::string::npos);
    for (const auto& [name, value] : stream.parameters) require(!name.empty() && name.size() + value.size() <= 499);
    if (stream.fault) return;
    require(!stream.url.empty());
    const bool has_scheme = stream.url.contains("://");
    require(!has_scheme || stream.url.starts_with("wss://") || (plain_streams && stream.url.starts_with("ws://")));
}

std::size_t faults(const simulator::Twiml& twiml) {
    return static_cast<std::size_t>(std::ranges::count_if(twiml.steps, [](const simulator::Step& step) {
        const auto* stream = std::get_if<ConnectStream>(&step);
        return stream != nullptr && stream->fault.has_value();
    }));
}

void check_any(std::string_view xml) {
    const auto strict = simulator::read_twiml(xml), plain = simulator::read_twiml(xml, true);
    require(strict.has_value() == plain.has_value());
    if (!strict) {
        const bool too_large = xml.size() > simulator::twiml_bytes_max;
        require(strict.error().code == (too_large ? simulator::code::document_too_large : simulator::code::bad_xml));
        require(!strict.error().text.empty());
        return;
    }
    require(xml.size() <= simulator::twiml_bytes_max && xml.contains("<Response"));
    // Every verb is an element of its own, and entities of one's own are refused, so nothing can grow.
    require(strict->steps.size() <= static_cast<std::size_t>(std::ranges::count(xml, '<')));
    require(strict->steps.size() == plain->steps.size() && faults(*plain) <= faults(*strict));
    for (const simulator::Step& step : strict->steps) {
        if (const auto* stream = std::get_if<ConnectStream>(&step)) check_stream(*stream, false);
        if (const auto* say = std::get_if<simulator::Say>(&step)) require(say->text.size() <= xml.size());
        if (const auto* pause = std::get_if<simulator::Pause>(&step)) require(pause->length.count() >= 0);
    }
    for (const simulator::Step& step : plain->steps)
        if (const auto* stream = std::get_if<ConnectStream>(&step)) check_stream(*stream, true);
}

bool plain_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

void check_ours(std::string_view text) {
    const auto said = simulator::read_twiml(twilio::say_and_hang_up(std::string(text)));
    require(said.has_value() && said->warnings.empty());
    require(std::holds_alternative<simulator::Hangup>(said->steps.back()));
    const std::string word(text.substr(0, 200));
    if (word.empty() || !plain_ascii(word)) return;
    const auto spoken = simulator::read_twiml(twilio::say_and_hang_up(word));
    require(std::get<simulator::Say>(spoken->steps.front()).text == word);

    const auto connected = simulator::read_twiml(twilio::connect_stream(
        {.url = "wss://example.com/stream", .action_url = word, .parameters = {{word, word}, {"last", word}}}));
    require(connected.has_value() && connected->warnings.empty() && connected->steps.size() == 1);
    const auto& stream = std::get<ConnectStream>(connected->steps.front());
    require(stream.action == word && !stream.fault);
    require(stream.parameters.size() == 2 && stream.parameters[0] == std::pair(word, word));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_any(text);
    check_ours(text);
    return 0;
}
