#include "gateway/plan_ledger.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>

namespace gateway {

namespace {

// Every instance gets the same, but none more than it needs (max-min fairness); what nobody needs goes to whoever wants
// it for later. Slots that others still hold are given when they have let go of them.
constexpr std::string_view script = R"lua(
local me, ledger = ARGV[1], KEYS[1]
local keeps, needs, wants = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stated, seen, seen_ago = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local known, lease, gather = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local clock = redis.call('TIME')
local now, instant = clock[1] * 1000 + math.floor(clock[2] / 1000), clock[1] * 1000000 + clock[2]

local function numbers(text)
  local list = {}
  for word in string.gmatch(text, '%d+') do list[#list + 1] = tonumber(word) end
  return list
end

-- Who is there.
local own = {name = me, held = 0, raised = 0, needs = needs, wants = wants, stated = stated, known = known}
local members, seen_at, plan_seen, gathered = {own}, 0, 0, 0
local entries = redis.call('HGETALL', ledger)
for i = 1, #entries, 2 do
  local name, n = entries[i], numbers(entries[i + 1])
  if name == '.seen' and n[2] then
    seen_at, plan_seen = n[1], n[2]
  elseif name == '.gathered' and n[1] then
    gathered = n[1]
  elseif n[7] and n[1] > now then
    if name == me then
      own.held, own.raised, own.known = n[2], n[3], math.max(n[7], known)
    else
      members[#members + 1] = {name = name, held = n[2], raised = n[3], needs = n[4], wants = n[5], stated = n[6], known = n[7]}
    end
  else
    redis.call('HDEL', ledger, name)
  end
end
if #members == 1 and own.raised == 0 then gathered = now + gather end
local expected = #members
for _, m in ipairs(members) do
  if now < gathered and m.known > expected then expected = m.known end
end
if #members == expected then gathered = 0 end
redis.call('HSET', ledger, '.gathered', string.format('%.0f', gathered))

-- What the plan allows: the least that an instance was told, and what ElevenLabs said last.
if seen > 0 and now - seen_ago > seen_at then
  seen_at, plan_seen = now - seen_ago, seen
  redis.call('HSET', ledger, '.seen', string.format('%.0f %d', seen_at, seen))
end
local plan, others = plan_seen, 0
for _, m in ipairs(members) do
  if m.stated > 0 and (plan == 0 or m.stated < plan) then plan = m.stated end
  if m ~= own then others = others + m.held end
  m.target = 0
end

-- Shares `amount` out to all, as fairly as what each asks allows. Returns what nobody asked for.
local function share_out(amount, asked)
  local asks, level, left = {}, nil, amount
  for i, m in ipairs(members) do asks[i] = asked(m) end
  table.sort(asks)
  for i, ask in ipairs(asks) do
    local open = #asks - i + 1
    if ask * open > left then
      level = math.floor(left / open)
      left = left - level * open
      break
    end
    left = left - ask
  end
  local short = {}
  for _, m in ipairs(members) do
    local ask = asked(m)
    if level and ask > level then short[#short + 1] = m end
    m.target = m.target + ((level and ask > level) and level or ask)
  end
  -- What does not divide stays where it is. Where there is less than one for each it goes round: to those who have
  -- gone longest without, from those who have had theirs longest.
  table.sort(short, function(a, b)
    local a_has, b_has = a.held > level, b.held > level
    if a_has ~= b_has then return a_has == (level > 0) end
    if a.raised ~= b.raised then return (a.raised > b.raised) == a_has end
    return a.name < b.name
  end)
  if not level then return left end
  for i = 1, left do short[i].target = short[i].target + 1 end
  return 0
end

local grant = -1
if plan > 0 then
  local least = plan >= #members and 1 or 0
  local spare = share_out(plan, function(m) return math.max(m.needs, least) end)
  share_out(spare, function(m) return math.max(m.wants - math.max(m.needs, least), 0) end)
  grant = math.max(math.min(own.target, plan - others), 0)
  if #members < expected then
    grant = math.min(grant, math.max(math.floor(plan / expected), 1))
  end
end
local held = math.max(grant, keeps)
local raised = (held > own.held or own.raised == 0) and instant or own.raised
redis.call('HSET', ledger, me, string.format('%.0f %d %.0f %d %d %d %d', now + lease, held, raised, needs, wants, stated, expected))
redis.call('PEXPIRE', ledger, math.max(3600000, lease))

own.held = math.max(grant, 0)
local shortage = 0
for _, m in ipairs(members) do
  if plan > 0 and m.needs > m.held then shortage = 1 end
end
return {grant, plan, #members, shortage}
)lua";

}  // namespace

std::string plan_ledger_name(std::string_view api_key) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    ::SHA256(reinterpret_cast<const unsigned char*>(api_key.data()), api_key.size(), digest.data());
    std::string name = "mouthpiece:plan:";
    for (std::size_t i = 0; i < 8; ++i) name += fmt::format("{:02x}", digest[i]);
    return name;
}

std::vector<std::string> plan_ledger_question(const std::string& ledger, const std::string& instance,
                                              const speech::PlanShare::Question& question) {
    std::vector<std::string> words{"EVAL", std::string(script), "1", ledger, instance};
    for (const std::size_t number : {question.keeps, question.needs, question.wants, question.plan, question.plan_seen})
        words.push_back(std::to_string(number));
    words.push_back(std::to_string(question.plan_seen_ago.count()));
    words.push_back(std::to_string(question.instances));
    words.push_back(std::to_string(question.lease.count()));
    words.push_back(std::to_string(question.gather.count()));
    return words;
}

std::optional<speech::PlanShare::Grant> plan_ledger_answer(const net::RedisValue& answer) {
    if (answer.list.size() != 4) return std::nullopt;
    for (const net::RedisValue& item : answer.list) {
        if (item.kind != net::RedisValue::Kind::number || item.number < -1) return std::nullopt;
    }
    const auto number = [&](std::size_t i) {
        return static_cast<std::size_t>(std::max<std::int64_t>(answer.list[i].number, 0));
    };
    speech::PlanShare::Grant grant{.slots = {}, .plan = number(1), .instances = number(2), .shortage = number(3) != 0};
    if (answer.list[0].number >= 0) grant.slots = number(0);
    return grant;
}

}  // namespace gateway
