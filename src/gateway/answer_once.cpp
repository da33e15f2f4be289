#include "gateway/answer_once.hpp"

#include "gateway/loop_services.hpp"

#include <fmt/format.h>

#include <string>

namespace gateway {

void answer_once(LoopServices& loop, const http::Request& request, const Reply& reply,
                 const std::function<void(const Reply&)>& work) {
    const std::string_view key = request.header("Idempotency-Key");
    if (key.empty()) return work(reply);
    if (!Idempotency::is_key(key))
        return reply(http::error(422, "Idempotency-Key may have 1 to 255 printable characters."));
    Idempotency& memory = loop.switchboard.idempotency;
    const std::string scoped = fmt::format("{} {}", request.path(), key);
    const auto found = memory.begin(scoped, request, loop.events.now());
    switch (found.verdict) {
        case Idempotency::Verdict::repeated:
            return reply(found.response);
        case Idempotency::Verdict::under_way:
            return reply(http::error(409, "The first request with this Idempotency-Key is still under way."));
        case Idempotency::Verdict::mismatched:
            return reply(http::error(422, "This Idempotency-Key was used for another request."));
        case Idempotency::Verdict::fresh:
            return work([reply, scoped, &memory](const http::Response& response) {
                memory.finish(scoped, response);
                reply(response);
            });
    }
}

}  // namespace gateway
