#pragma once
// Answers a request whose Idempotency-Key was seen before with the first answer, and has the others carried out.

#include "http/message.hpp"

#include <functional>

namespace gateway {

class LoopServices;

using Reply = std::function<void(const http::Response&)>;

// `work` is called at most once, at once; its reply is to be called once, on this loop.
void answer_once(LoopServices& loop, const http::Request& request, const Reply& reply,
                 const std::function<void(const Reply&)>& work);

}  // namespace gateway
