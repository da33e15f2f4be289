// What anybody may publish on a server's channel of Redis: what is taken for an order or an answer is one that we could
// have written, and reads the same when it is written again.

#include "gateway/call_order.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = gateway::read_message({reinterpret_cast<const char*>(data), size});
    if (!read) return 0;
    if (const auto* const stamped = std::get_if<gateway::StampedOrder>(&*read)) {
        require(gateway::is_fit(stamped->order));
        const std::string again = "order 1 " + gateway::write_order(stamped->order);
        const auto same = gateway::read_message(again);
        require(same && std::get<gateway::StampedOrder>(*same).order == stamped->order);
        const auto request = gateway::request_of(stamped->order);
        require(request.target.find_first_of(" \r\n") == std::string::npos);
    }
    if (const auto* const answer = std::get_if<gateway::OrderAnswer>(&*read)) {
        const auto same = gateway::read_message(gateway::write_answer(*answer));
        require(same && std::get<gateway::OrderAnswer>(*same) == *answer);
        require(gateway::response_of(*answer).status == answer->status);
    }
    return 0;
}
