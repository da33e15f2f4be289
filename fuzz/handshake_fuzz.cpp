// Both sides of the opening handshake. Client: a verdict on a response, once given, does not change with what comes
// after. Server: whatever it accepts is answered in a way our client accepts.
//
// Input: a response's bytes; the same bytes, cut at '|', are also taken for the five fields of an upgrade request.

#include "websocket/handshake.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace websocket;

namespace {

constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";

void require(bool condition) {
    if (!condition) std::abort();
}

void check_response(std::string_view received) {
    const auto whole = read_upgrade_response(received, key);
    if (whole && whole->status != 0) {
        require(whole->header_bytes <= received.size() && whole->header_bytes <= 16 * 1024 &&
                whole->body.size() <= 8 * 1024);
        require(whole->status == 101 || whole->status >= 200);
    }
    for (std::size_t size = 0; size < received.size(); size += 1 + size / 50) {
        const auto early = read_upgrade_response(received.substr(0, size), key);
        require(early || (!whole && early.error() == whole.error()));
        if (!early || early->status == 0) continue;
        require(whole && whole->status == early->status && whole->header_bytes == early->header_bytes);
        require(whole->body.starts_with(early->body));
    }
    const auto ended = read_upgrade_response(received, key, true);
    require(!ended || ended->status != 0);
}

std::string_view field(std::string_view& rest) {
    const std::string_view next = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(next.size() + 1, rest.size()));
    return next;
}

void check_request(std::string_view input) {
    UpgradeHeaders headers;
    for (std::string_view* part :
         {&headers.method, &headers.connection, &headers.upgrade, &headers.version, &headers.key})
        *part = field(input);
    const auto answer = answer_upgrade(headers);
    if (!answer) return;
    const std::size_t begin = headers.key.find_first_not_of(" \t");
    const auto response = read_upgrade_response(*answer, headers.key.substr(begin, 24));
    require(response && response->status == 101 && response->header_bytes == answer->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_response(input);
    check_request(input);
    return 0;
}
