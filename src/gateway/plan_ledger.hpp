#pragma once
// The account of a plan's slots that several instances keep in Redis: one script that takes an instance's question and
// answers with its grant. Everything it decides, it decides at once and by Redis' clock.
//
//   mouthpiece:plan:<part of the SHA-256 of the API key>
//     <instance>  "lease's end, slots held, since when as many (µs), needs, wants, plan stated, instances known"
//     .seen       "when, plan": what the newest reply of ElevenLabs said to anybody
//     .gathered   until when instances that were here before it came up empty are waited for

#include "net/redis_reply.hpp"
#include "speech/plan_share.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

// Of the account that the key belongs to. The key cannot be read from it.
std::string plan_ledger_name(std::string_view api_key);

// The command that puts a question.
std::vector<std::string> plan_ledger_question(const std::string& ledger, const std::string& instance,
                                              const speech::PlanShare::Question& question);

// nullopt: that is no answer of the script.
std::optional<speech::PlanShare::Grant> plan_ledger_answer(const net::RedisValue& answer);

}  // namespace gateway
