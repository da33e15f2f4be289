// Any text as the content of our TwiML. Lines: URL, action, then name and value in turn; the whole input is also said.
// Whatever it is, the document must be valid UTF-8 of at most 64 kB whose only markup is ours.

#include "twilio/twiml.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

std::string take_line(std::string_view& rest) {
    const auto size = std::min(rest.find('\n'), rest.size());
    std::string line(rest.substr(0, size));
    rest.remove_prefix(std::min(size + 1, rest.size()));
    return line;
}

bool starts_with_reference(std::string_view text) {
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{"&amp;", "&lt;", "&gt;", "&quot;", "&#9;", "&#10;", "&#13;"},
        [&](auto reference) { return text.starts_with(reference); });
}

void check_document(std::string_view document) {
    require(document.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>") &&
            document.ends_with("</Response>"));
    require(document.size() <= twilio::twiml_bytes_max);
    require(simdjson::validate_utf8(document.data(), document.size()));
    for (std::size_t i = 0; i < document.size(); ++i) {
        const char c = document[i];
        require(c != '&' || starts_with_reference(document.substr(i)));
        require(static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n');
    }
    require(std::ranges::count(document, '<') == std::ranges::count(document, '>'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string said = twilio::say_and_hang_up(std::string(text));
    check_document(said);
    require(std::ranges::count(said, '<') <= 7);

    std::string_view rest = text;
    twilio::ConnectStream stream{
        .url = take_line(rest).substr(0, 2000), .action_url = take_line(rest).substr(0, 2000), .parameters = {}};
    while (!rest.empty()) {
        std::string name = take_line(rest);
        stream.parameters.emplace_back(std::move(name), take_line(rest));
    }
    const std::string document = twilio::connect_stream(stream);
    check_document(document);
    require(std::ranges::count(document, '"') % 2 == 0);
    const auto fitting = std::ranges::count_if(stream.parameters,
                                               [](const auto& p) { return twilio::parameter_fits(p.first, p.second); });
    require(std::ranges::count(document, '<') <= 7 + fitting);
    return 0;
}
