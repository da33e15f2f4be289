#pragma once
// A call's plan in bytes, for another server of ours:
//
//   {"after":"hangup","record":false,"at_most_ms":null,
//    "say":[{"text":"…","heard":35,"id":"21m0…","model":"…","language":"","stability":0.5,"similarity_boost":0.75,
//            "style":0,"use_speaker_boost":true,"speed":1}]}
//
// The first of "say" is the message, in a text of its own even when it was heard or is empty.

#include "call/plan.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway {

std::string write_plan(const call::CallPlan& plan);
// nullopt: it is no plan of this version of ours.
std::optional<call::CallPlan> read_plan(std::string_view record);

}  // namespace gateway
