// Shows our signatures and our TwiML to a program that is not ours (tests/node compares them with Twilio's own
// library).
//   twilio_probe print SEED COUNT   random requests with our signature, and random TwiML with what went into it, as
//   JSON lines twilio_probe verify             reads {"kind","token","url","fields","signature"[,"body"]} lines,
//   answers true or false for each

#include "twilio/signature.hpp"
#include "twilio/twiml.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace {

namespace json = boost::json;
using encoding::FormFields;

// Random requests as they may come: names that are prefixes of each other, repeated names, empty values, blanks,
// scripts and signs.
class RequestMaker {
public:
    explicit RequestMaker(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

    std::string text(std::size_t pieces_max) {
        static constexpr std::string_view pieces[] = {"a",   "Z",  "0", " ", "+", "%",  "%20", "&",  "=",
                                                      "'",   "\"", "<", ">", "_", "-",  "é",   "北", "📞",
                                                      "]]>", "\\", "/", "#", "?", "\t", "ab",  "B"};
        std::string out;
        for (std::size_t i = below(pieces_max + 1); i > 0; --i) out += pieces[below(std::size(pieces))];
        return out;
    }

    std::string token() {
        std::string out;
        for (int i = 0; i < 32; ++i) out += "0123456789abcdef"[below(16)];
        return out;
    }

    std::string url() {
        static constexpr std::string_view origins[] = {"https://gw.example.com", "https://gw.example.com:8443",
                                                       "http://gw.example.com", "http://gw.example.com:8001",
                                                       "wss://gw.example.com"};
        static constexpr std::string_view paths[] = {"/", "/call/incoming", "/call/incoming/", "/a~b/c.d", "/x%2Fy"};
        static constexpr std::string_view queries[] = {
            "", "?voice_id=21m00", "?b=2&a=1", "?x=a%20b&y=%2B1&z=", "?n=J+S&n=2", "?n=O'B"};
        std::string out(origins[below(std::size(origins))]);
        return out.append(paths[below(std::size(paths))]).append(queries[below(std::size(queries))]);
    }

    FormFields fields() {
        static constexpr std::string_view names[] = {"From", "FromCity", "FromZip", "To", "CallSid",      "a",
                                                     "A",    "_",        "aa",      "Z",  "SipHeader_X-É"};
        FormFields out;
        for (std::size_t i = below(12); i > 0; --i) out.emplace_back(names[below(std::size(names))], text(6));
        return out;
    }

private:
    std::mt19937_64 random_;
};

json::array to_json(const FormFields& fields) {
    json::array out;
    for (const auto& [name, value] : fields) out.push_back(json::array{name, value});
    return out;
}

void print(const json::object& line) {
    std::cout << json::serialize(line) << '\n';
}

void print_signature(RequestMaker& make) {
    const Secret token(make.token());
    const std::string url = make.url();
    const FormFields fields = make.fields();
    print({{"kind", "signature"},
           {"token", token.reveal()},
           {"url", url},
           {"fields", to_json(fields)},
           {"signature", twilio::sign(token, url, fields)}});
}

void print_connect(RequestMaker& make) {
    twilio::ConnectStream stream{
        .url = "wss://gw.example.com/" + make.text(4), .action_url = make.text(4), .parameters = {}};
    for (std::size_t i = make.below(5); i > 0; --i) stream.parameters.emplace_back("n" + make.text(3), make.text(40));
    print({{"kind", "connect"},
           {"url", stream.url},
           {"action", stream.action_url},
           {"parameters", to_json(stream.parameters)},
           {"xml", twilio::connect_stream(stream)}});
}

void print_say(RequestMaker& make) {
    const std::string text = "Hello " + make.text(60);
    print({{"kind", "say"}, {"text", text}, {"xml", twilio::say_and_hang_up(text)}});
}

void print_samples(std::uint64_t seed, std::uint64_t count) {
    RequestMaker make(seed);
    for (std::uint64_t i = 0; i < count; ++i) {
        print_signature(make);
        print_connect(make);
        print_say(make);
    }
    print({{"kind", "hang_up"}, {"xml", twilio::hang_up()}});
    print({{"kind", "reject_busy"}, {"xml", twilio::reject_busy()}});
    print({{"kind", "empty_response"}, {"xml", twilio::empty_response()}});
}

bool verify(const json::object& request) {
    const auto text = [&](std::string_view key) { return std::string(request.at(key).as_string()); };
    const Secret token(text("token"));
    const std::string kind = text("kind");
    if (kind == "upgrade") return twilio::verify_upgrade(token, text("url"), text("signature")).has_value();
    if (kind == "json")
        return twilio::verify_json_webhook(token, text("url"), text("body"), text("signature")).has_value();
    FormFields fields;
    for (const auto& pair : request.at("fields").as_array()) {
        fields.emplace_back(pair.as_array().at(0).as_string(), pair.as_array().at(1).as_string());
    }
    return twilio::verify_webhook(token, text("url"), fields, text("signature")).has_value();
}

std::uint64_t to_number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    const std::string_view verb = argc > 1 ? arguments[1] : "";
    if (verb == "print" && argc == 4) {
        print_samples(to_number(arguments[2]), to_number(arguments[3]));
        return 0;
    }
    if (verb == "verify") {
        for (std::string line; std::getline(std::cin, line);) {
            std::cout << (verify(json::parse(line).as_object()) ? "true\n" : "false\n");
        }
        return 0;
    }
    std::fputs("usage: twilio_probe print SEED COUNT | twilio_probe verify\n", stderr);
    return 2;
}
