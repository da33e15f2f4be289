#include "twilio/twiml.hpp"

#include "twilio/xml_text.hpp"

namespace twilio {
namespace {

// No byte may stand before it.
constexpr std::string_view declaration = R"(<?xml version="1.0" encoding="UTF-8"?>)";

std::string response(std::string_view verbs) {
    std::string document;
    document.reserve(declaration.size() + verbs.size() + 32);
    document.append(declaration).append("<Response>").append(verbs).append("</Response>");
    return document;
}

void append_parameter(std::string& verbs, std::string_view name, std::string_view value) {
    verbs.append("<Parameter");
    append_xml_attribute(verbs, "name", name);
    append_xml_attribute(verbs, "value", value);
    verbs.append("/>");
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

bool parameter_fits(std::string_view name, std::string_view value) {
    return !name.empty() && utf16_size(name) + utf16_size(value) <= parameter_characters_max;
}

std::string connect_stream(const ConnectStream& stream) {
    constexpr std::string_view end = "</Stream></Connect>";
    constexpr std::size_t wrapping_bytes = 100;  // response(""), generously
    std::string verbs;
    verbs.reserve(1024);  // as long as most are
    verbs.append("<Connect");
    if (!stream.action_url.empty()) append_xml_attribute(verbs, "action", stream.action_url);
    verbs.append("><Stream");
    append_xml_attribute(verbs, "url", stream.url);
    if (!stream.status_callback_url.empty()) append_xml_attribute(verbs, "statusCallback", stream.status_callback_url);
    verbs.append(">");
    for (const auto& [name, value] : stream.parameters) {
        if (!parameter_fits(name, value)) continue;
        const std::size_t before = verbs.size();
        append_parameter(verbs, name, value);
        if (verbs.size() + end.size() + wrapping_bytes > twiml_bytes_max) verbs.resize(before);
    }
    return response(verbs.append(end));
}

std::string say_and_hang_up(const std::string& text) {
    if (is_blank(text)) return hang_up();
    std::string verbs = "<Say>";
    append_xml_text(verbs, cut_at_word(text, say_characters_max));
    return response(verbs.append("</Say><Hangup/>"));
}

std::string redirect(const std::string& url) {
    std::string verbs = "<Redirect>";
    append_xml_text(verbs, url);
    return response(verbs.append("</Redirect>"));
}

std::string hang_up() {
    return response("<Hangup/>");
}

std::string reject_busy() {
    return response(R"(<Reject reason="busy"/>)");
}

std::string empty_response() {
    return response("");
}

}  // namespace twilio
