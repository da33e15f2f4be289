#pragma once
// What a call that has lost its stream goes on with: what its caller has not heard.

#include "call/plan.hpp"
#include "gateway/loop_services.hpp"

#include <functional>
#include <optional>
#include <string>

namespace gateway {

// Twilio says that the call's stream is over. One that still stands here is ended. `found` is called once, on this
// loop, perhaps at once; nullopt: nobody knows, so the call begins at the beginning.
void rest_of_call(LoopServices& loop, const std::string& call_sid,
                  const std::function<void(std::optional<call::CallPlan>)>& found);

}  // namespace gateway
