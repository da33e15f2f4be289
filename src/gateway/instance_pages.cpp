#include "gateway/instance_pages.hpp"

#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/program_figures.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

// KEYS: instances. ARGV: the prefix of their calls. Of each one its name, the rest of its lease in ms, the number of
// its calls, and its note.
constexpr std::string_view instances_script = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local live = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1000)
local told = {}
for i = 1, #live, 2 do
  local calls = ARGV[1] .. live[i]
  local fields = redis.pcall('HLEN', calls)
  if type(fields) == 'number' and fields > 0 then
    told[#told + 1] = {live[i], live[i + 1] - now, fields - 1, redis.call('HGET', calls, 'server')}
  end
end
return told
)";

json::object instance_page(const Switchboard& switchboard) {
    json::object page{{"instance", switchboard.instance},
                      {"version", program_version()},
                      {"url", text_or_null(switchboard.options.instance_url)},
                      {"draining", switchboard.draining.load()}};
    return page;
}

// Somebody else may write to Redis, too: what is not as we write it is left out.
std::optional<json::object> read_instance(const net::RedisValue& told, const std::string& ours) {
    using Kind = net::RedisValue::Kind;
    if (told.list.size() != 4 || told.list[0].kind != Kind::text) return std::nullopt;
    boost::system::error_code error;
    const json::value note = json::parse(told.list[3].text, error);
    if (error || !note.is_object()) return std::nullopt;
    json::object page{{"instance", told.list[0].text}, {"this", told.list[0].text == ours}};
    for (const char* name : {"version", "url", "draining"}) {
        const json::value* const value = note.get_object().if_contains(name);
        page[name] = value != nullptr ? *value : json::value(nullptr);
    }
    page["calls"] = told.list[2].number;
    page["lease_ms"] = told.list[1].number;
    return page;
}

http::Response instances_page(const net::RedisResult& found, const std::string& ours) {
    if (!found) return not_reached("Redis cannot be reached: the other servers are not known now.");
    json::array instances;
    for (const net::RedisValue& told : found->list) {
        if (auto instance = read_instance(told, ours)) instances.push_back(std::move(*instance));
    }
    return json_page(200, {{"instances", std::move(instances)}});
}

}  // namespace

std::string instance_note(const Switchboard& switchboard) {
    return json::serialize(instance_page(switchboard));
}

void list_instances(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange) {
    const Switchboard& all = loop.switchboard;
    if (!loop.store) {
        json::object alone = instance_page(all);
        alone["this"] = true;
        alone["calls"] = all.directory.stream_count();
        alone["lease_ms"] = nullptr;
        return exchange->answer(json_page(200, {{"instances", json::array{std::move(alone)}}}));
    }
    loop.store->tell(StoreUse::call_register, {"EVAL", instances_script, "1", instances_key, calls_key_prefix},
                     [exchange, ours = all.instance](const net::RedisResult& found) {
                         exchange->answer(instances_page(found, ours));
                     });
}

}  // namespace gateway
