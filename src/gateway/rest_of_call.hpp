#pragma once
// What a call that has lost its stream goes on with: what its caller has not heard.

#include "call/plan.hpp"
#include "gateway/loop_services.hpp"

#include <functional>
#include <optional>
#include <string>

namespace gateway {

using RestFound = std::function<void(std::optional<call::CallPlan>)>;

// Twilio says that the call's stream is over. One that still stands here is ended. `found` is called once, on this
// loop, perhaps at once; nullopt: nobody knows, so the call begins at the beginning. `plan_name`: of a call that we
// placed, else empty.
void rest_of_call(LoopServices& loop, const std::string& call_sid, const std::string& plan_name,
                  const RestFound& found);

// Of a call that another server placed; kept here from then on. `ready` is called once, on this loop, perhaps at once.
void fetch_planned(LoopServices& loop, const std::string& plan_name, const std::function<void()>& ready);

}  // namespace gateway
