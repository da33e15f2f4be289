// Whatever a client sends: the requests and the error do not depend on how the input is cut, and nothing exceeds the
// limits.
//
// Input: one byte that seeds the cutting, then the bytes on the wire.

#include "http/message.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr http::RequestParser::Limits limits{.header_bytes_max = 600, .body_bytes_max = 300};

void require(bool condition) {
    if (!condition) std::abort();
}

struct Outcome {
    std::vector<std::string> requests;
    std::string error;
    bool operator==(const Outcome&) const = default;
};

std::string describe(const http::Request& request) {
    std::string text = request.method + '\n' + request.target + '\n' + (request.keep_alive ? "keep" : "close") + '\n';
    std::size_t bytes = request.method.size() + request.target.size();
    for (const auto& [name, value] : request.headers) {
        text += name + '=' + value + '\n';
        bytes += name.size() + value.size();
        for (const char c : value) require(static_cast<unsigned char>(c) >= 0x20 ? c != 0x7F : c == '\t');
    }
    require(bytes <= limits.header_bytes_max && request.body.size() <= limits.body_bytes_max);
    require(request.path().size() + request.query().size() <= request.target.size() + 1);
    return text + request.body;
}

template <typename Cut>
Outcome parse(std::string_view wire, Cut cut) {
    http::RequestParser parser(limits);
    Outcome outcome;
    while (!wire.empty()) {
        const std::size_t part = cut(wire.size());
        const auto used = parser.feed(wire.substr(0, part));
        if (!used) {
            const int status = used.error().status;
            require(status == 400 || status == 413 || status == 431 || status == 505);
            outcome.error = http::write(used.error(), false);
            return outcome;
        }
        require(*used <= part && (*used == part || parser.complete()));
        wire.remove_prefix(*used);
        parser.wants_continue();
        if (parser.complete()) {
            outcome.requests.push_back(describe(parser.take()));
            require(parser.idle());
        }
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = parse(wire, [](std::size_t rest) { return rest; });
    require(parse(wire, [](std::size_t) { return std::size_t{1}; }) == whole);
    std::minstd_rand random(data[0] + 1U);
    require(parse(wire, [&random](std::size_t rest) { return 1 + random() % std::min<std::size_t>(rest, 30); }) ==
            whole);
    return 0;
}
