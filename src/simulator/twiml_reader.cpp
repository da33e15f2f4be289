#include "simulator/twiml_reader.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <span>

namespace simulator {

namespace {

// twilio.com/docs/voice/twiml/stream: name and value of one <Parameter> together.
constexpr std::size_t parameter_characters_max = 499;

// A verb and the attributes it may have.
struct Verb {
    std::string_view name;
    std::string_view attributes;  // separated and enclosed by spaces
};

constexpr std::array verbs{
    Verb{"Say", " voice language loop "}, Verb{"Play", " loop digits "}, Verb{"Pause", " length "},
    Verb{"Connect", " action method "},   Verb{"Hangup", " "},           Verb{"Reject", " reason "},
    Verb{"Redirect", " method "},
};

constexpr std::string_view not_simulated =
    " Gather Dial Record Start Stop Enqueue Leave Pay Prompt Queue Refer Sms Message Echo Siprec ";
constexpr std::string_view stream_attributes =
    " url name track statusCallback statusCallbackMethod connectorName audioFormat sampleRate ";
constexpr std::string_view speech_markup = " break emphasis lang p phoneme prosody s say-as sub w ";

bool lists(std::string_view list, std::string_view name) {
    return list.contains(' ' + std::string(name) + ' ');
}

class Reader {
public:
    explicit Reader(bool plain_streams) : plain_streams_(plain_streams) {}

    std::expected<Twiml, Notice> read(std::string_view xml);

private:
    using Attributes = std::vector<std::pair<std::string_view, std::string_view>>;

    void open(std::string_view name, const Attributes& attributes);
    void close(std::string_view name);
    void characters(std::string_view text);
    void refuse(std::string why);

    void open_verb(std::string_view name, const Attributes& attributes);
    void open_noun(std::string_view name, const Attributes& attributes);
    void open_stream(const Attributes& attributes);
    void open_parameter(const Attributes& attributes);
    Step make_step(std::string_view verb, const Attributes& attributes);
    void close_verb();
    void warn(std::string text) { twiml_.warnings.push_back({code::bad_schema, std::move(text)}); }
    void check_attributes(std::string_view element, std::string_view allowed, const Attributes& attributes);

    bool plain_streams_;
    XML_Parser parser_ = nullptr;
    Twiml twiml_;
    std::optional<Notice> refusal_;
    std::vector<std::string> path_;  // open elements
    std::optional<Step> step_;       // the verb being read
    bool has_noun_ = false;          // of <Connect>
    std::string text_;
};

std::string_view attribute(const std::vector<std::pair<std::string_view, std::string_view>>& attributes,
                           std::string_view name, std::string_view otherwise = {}) {
    const auto found = std::ranges::find(attributes, name, &std::pair<std::string_view, std::string_view>::first);
    return found == attributes.end() ? otherwise : found->second;
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

void Reader::refuse(std::string why) {
    if (!refusal_) refusal_ = Notice{code::bad_xml, std::move(why)};
    XML_StopParser(parser_, XML_FALSE);
}

void Reader::check_attributes(std::string_view element, std::string_view allowed, const Attributes& attributes) {
    for (const auto& [name, value] : attributes) {
        if (!lists(allowed, name)) warn(fmt::format("<{}> has no attribute \"{}\"", element, name));
    }
}

void Reader::open(std::string_view name, const Attributes& attributes) {
    if (path_.empty()) {
        if (name != "Response") refuse(fmt::format("the root element is <{}>, not <Response>", name));
    } else if (path_.size() == 1) {
        open_verb(name, attributes);
    } else {
        open_noun(name, attributes);
    }
    path_.emplace_back(name);
}

void Reader::open_verb(std::string_view name, const Attributes& attributes) {
    text_.clear();
    step_.reset();
    has_noun_ = false;
    const auto verb = std::ranges::find(verbs, name, &Verb::name);
    if (verb != verbs.end()) {
        check_attributes(name, verb->attributes, attributes);
        step_ = make_step(name, attributes);
    } else if (lists(not_simulated, name)) {
        step_ = NotSimulated{std::string(name)};
    } else {
        warn(fmt::format("unknown verb <{}>", name));
    }
}

Step Reader::make_step(std::string_view verb, const Attributes& attributes) {
    const auto given = [&](std::string_view name, std::string_view otherwise = {}) {
        return std::string(attribute(attributes, name, otherwise));
    };
    if (verb == "Say") return Say{{}, given("voice"), given("language")};
    if (verb == "Play") return Play{};
    if (verb == "Hangup") return Hangup{};
    if (verb == "Reject") return Reject{given("reason", "rejected")};
    if (verb == "Redirect") return Redirect{{}, given("method", "POST")};
    if (verb == "Pause") {
        const std::string_view length = attribute(attributes, "length", "1");
        int seconds = 1;
        const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), seconds);
        if (error != std::errc{} || end != length.data() + length.size() || seconds < 0) {
            warn("<Pause length> is not a number");
            seconds = 1;
        }
        return Pause{std::chrono::seconds(seconds)};
    }
    ConnectStream connect;
    if (const auto action = given("action"); !action.empty()) connect.action = action;
    connect.method = given("method", "POST");
    return connect;
}

void Reader::open_noun(std::string_view name, const Attributes& attributes) {
    if (!step_ || std::holds_alternative<NotSimulated>(*step_)) return;
    if (std::holds_alternative<Say>(*step_) && lists(speech_markup, name)) return;
    if (std::holds_alternative<ConnectStream>(*step_)) {
        if (path_.size() == 2 && name == "Stream" && !has_noun_) return open_stream(attributes);
        if (path_.size() == 3 && path_[2] == "Stream" && name == "Parameter") return open_parameter(attributes);
    }
    warn(fmt::format("<{}> does not belong into <{}>", name, path_.back()));
}

void Reader::open_stream(const Attributes& attributes) {
    has_noun_ = true;
    check_attributes("Stream", stream_attributes, attributes);
    auto& stream = std::get<ConnectStream>(*step_);
    stream.url = attribute(attributes, "url");
    if (const auto end = stream.url.find_first_of("?#"); end != std::string::npos) {
        stream.url.resize(end);
        twiml_.warnings.push_back({0, "the query string of the <Stream> url is dropped; use <Parameter>"});
    }
    const std::string_view track = attribute(attributes, "track", "inbound_track");
    if (track != "inbound_track") {
        stream.fault = Notice{code::stream_track, fmt::format("track \"{}\" in <Connect><Stream>", track)};
    } else if (stream.url.empty()) {
        stream.fault = Notice{code::stream_url, "<Stream> without url"};
    } else if (stream.url.contains("://") && !stream.url.starts_with("wss://") &&
               !(plain_streams_ && stream.url.starts_with("ws://"))) {
        stream.fault = Notice{code::stream_scheme, "the <Stream> url is not wss://"};
    }
}

void Reader::open_parameter(const Attributes& attributes) {
    check_attributes("Parameter", " name value ", attributes);
    const std::string_view name = attribute(attributes, "name"), value = attribute(attributes, "value");
    if (name.empty()) return warn("<Parameter> without name");
    if (name.size() + value.size() > parameter_characters_max) {
        return warn(fmt::format("<Parameter name=\"{}\"> has 500 characters or more and is dropped", name));
    }
    std::get<ConnectStream>(*step_).parameters.emplace_back(name, value);
}

void Reader::characters(std::string_view text) {
    if (path_.size() == 1 && !trimmed(text).empty()) return warn("text directly inside <Response>");
    // Text of a verb that takes none is a schema violation as well, but a harmless one.
    if (path_.size() >= 2) text_ += text;
}

void Reader::close(std::string_view) {
    path_.pop_back();
    if (path_.size() == 1) close_verb();
}

void Reader::close_verb() {
    if (!step_) return;
    const std::string text = trimmed(text_);
    if (auto* say = std::get_if<Say>(&*step_)) say->text = text;
    if (auto* play = std::get_if<Play>(&*step_)) play->url = text;
    if (auto* redirect = std::get_if<Redirect>(&*step_)) redirect->url = text;
    if (std::holds_alternative<ConnectStream>(*step_) && !has_noun_) {
        warn("<Connect> without a <Stream> (other nouns are not simulated)");
    } else {
        twiml_.steps.push_back(std::move(*step_));
    }
    step_.reset();
}

std::expected<Twiml, Notice> Reader::read(std::string_view xml) {
    if (xml.size() > twiml_bytes_max) {
        return std::unexpected(Notice{code::document_too_large, fmt::format("a document of {} bytes", xml.size())});
    }
    const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate("UTF-8"), XML_ParserFree);
    parser_ = parser.get();
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(
        parser_,
        [](void* self, const XML_Char* name, const XML_Char** raw) {
            Attributes attributes;
            for (; raw[0] != nullptr; raw += 2) attributes.emplace_back(raw[0], raw[1]);
            static_cast<Reader*>(self)->open(name, attributes);
        },
        [](void* self, const XML_Char* name) { static_cast<Reader*>(self)->close(name); });
    XML_SetCharacterDataHandler(parser_, [](void* self, const XML_Char* text, int length) {
        static_cast<Reader*>(self)->characters(std::string_view(text, static_cast<std::size_t>(length)));
    });
    // Entities of one's own could grow a small document without bound; TwiML has no use for them.
    XML_SetStartDoctypeDeclHandler(parser_, [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        static_cast<Reader*>(self)->refuse("a document type declaration");
    });
    if (XML_Parse(parser_, xml.data(), static_cast<int>(xml.size()), XML_TRUE) != XML_STATUS_OK) {
        if (refusal_) return std::unexpected(*refusal_);
        return std::unexpected(Notice{code::bad_xml, fmt::format("line {}: {}", XML_GetCurrentLineNumber(parser_),
                                                                 XML_ErrorString(XML_GetErrorCode(parser_)))});
    }
    return std::move(twiml_);
}

}  // namespace

std::expected<Twiml, Notice> read_twiml(std::string_view xml, bool plain_streams) {
    return Reader(plain_streams).read(xml);
}

}  // namespace simulator
