#include "gateway/call_orders.hpp"

#include "call/metric_family.hpp"
#include "gateway/loop_services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

// KEYS: instances. ARGV: who asks, to whom, CallSid, order, and the prefixes of calls and channels. The owner, or ""
// when it went to all; then each server it went to, and how many listen there.
constexpr std::string_view order_script = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local others, owner, since = {}, '', ''
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf', 'LIMIT', 0, 1000)) do
  if name ~= ARGV[1] then
    others[#others + 1] = name
    local opened = ARGV[2] ~= 'all' and redis.pcall('HGET', ARGV[5] .. name, ARGV[3])
    if type(opened) == 'string' and opened > since then owner, since = name, opened end
  end
end
if owner ~= '' then others = {owner} elseif ARGV[2] == 'owner' then others = {} end
local told = {owner}
for _, name in ipairs(others) do
  told[#told + 1] = name
  told[#told + 1] = redis.call('PUBLISH', ARGV[6] .. name, 'order ' .. string.format('%.0f', now) .. ' ' .. ARGV[4])
end
return told
)";

std::string channel_of(std::string_view instance) {
    return fmt::format("{}{}", channel_prefix, instance);
}

const char* word_for(CallOrders::To to) {
    switch (to) {
        case CallOrders::To::owner:
            return "owner";
        case CallOrders::To::owner_or_all:
            return "owner_or_all";
        case CallOrders::To::all:
            break;
    }
    return "all";
}

net::RedisSubscription::Options listening_options(const Switchboard& switchboard) {
    net::RedisSubscription::Options options;
    options.address = *switchboard.options.redis;
    options.channel = channel_of(switchboard.instance);
    return options;
}

}  // namespace

// An order whose answers are still to come. They may be faster than the word that it was passed on.
struct CallOrders::Waiting {
    Waiting(CallOrders& orders, std::uint64_t number, Answered its_answered)
        : asked(orders.first_.events.now()),
          answered(std::move(its_answered)),
          deadline(orders.first_.events.timers(), [&orders, number] { orders.finish(number); }) {}

    const net::Instant asked;
    Answered answered;
    Outcome outcome;
    std::vector<std::string> awaited;  // servers
    net::Timer deadline;
    SharedStore::Command command;
};

CallOrders::CallOrders(Switchboard& switchboard, Options options)
    : switchboard_(switchboard),
      options_(options),
      first_(*switchboard.loops.front()),
      store_(*first_.store),
      control_(first_),
      subscription_(
          first_.events, listening_options(switchboard),
          [this](const net::RedisSubscription::State& state) {
              listens_ = state.has_value();
              if (!state && state.error().kind == net::RedisFailure::Kind::refused)
                  switchboard_.store_record->answered(StoreUse::call_orders, std::unexpected(state.error()), {});
          },
          [this](const std::string& message) { heard(message); }) {}

CallOrders::~CallOrders() = default;

void CallOrders::ask(LoopServices& home, CallOrder order, To to, Answered answered) {
    order.from = switchboard_.instance;
    auto here = [mailbox = home.mailbox, answered = std::move(answered)](const Outcome& outcome) {
        mailbox->post([answered, outcome] { answered(outcome); });
    };
    if (&home == &first_) return begin(std::move(order), to, std::move(here));
    first_.mailbox->post(
        [this, lives = std::weak_ptr(here_), order = std::move(order), to, here = std::move(here)]() mutable {
            if (!lives.expired()) begin(std::move(order), to, std::move(here));
        });
}

void CallOrders::begin(CallOrder order, To to, Answered answered) {
    if (waiting_.size() >= options_.waiting_max) {
        first_.events.limits().reached(Limit::orders_waiting);
        sent_.add("crowded");
        return answered({});
    }
    const std::uint64_t number = order.number = ++last_number_;
    Waiting& waiting = *(waiting_[number] = std::make_unique<Waiting>(*this, number, std::move(answered)));
    waiting.deadline.arm(waiting.asked + order.life);
    waiting.command = store_.ask(StoreUse::call_orders,
                                 {"EVAL", order_script, "1", instances_key, order.from, word_for(to), order.call_sid,
                                  write_order(order), calls_key_prefix, channel_prefix},
                                 order.life, [this, number](const net::RedisResult& r) { passed_on(number, r); });
}

void CallOrders::passed_on(std::uint64_t number, const net::RedisResult& result) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    Waiting& waiting = *found->second;
    Outcome& outcome = waiting.outcome;
    if (!result || result->list.empty()) return finish(number);
    outcome.passed_on = true;
    outcome.to_owner = !result->list[0].text.empty();
    std::vector<OrderAnswer> early = std::exchange(outcome.answers, {});
    for (std::size_t i = 1; i + 1 < result->list.size(); i += 2)
        (result->list[i + 1].number > 0 ? waiting.awaited : outcome.unreachable).push_back(result->list[i].text);
    for (OrderAnswer& answer : early) {
        if (std::erase(waiting.awaited, answer.from) != 0) outcome.answers.push_back(std::move(answer));
    }
    if (waiting.awaited.empty()) finish(number);
}

void CallOrders::heard(const std::string& message) {
    auto read = read_message(message);
    if (!read) return received_.add("malformed");
    if (auto* const answer = std::get_if<OrderAnswer>(&*read)) return on_answer(std::move(*answer));
    if (const auto* const order = std::get_if<StampedOrder>(&*read)) on_order(*order);
}

void CallOrders::on_answer(OrderAnswer answer) {
    const auto found = waiting_.find(answer.number);
    if (found == waiting_.end()) return;  // too late
    Waiting& waiting = *found->second;
    constexpr std::size_t early_max = 1'000;
    const bool early = !waiting.outcome.passed_on && waiting.outcome.answers.size() < early_max;
    if (!early && std::erase(waiting.awaited, answer.from) == 0) return;
    waiting.outcome.answers.push_back(std::move(answer));
    if (waiting.outcome.passed_on && waiting.awaited.empty()) finish(found->first);
}

void CallOrders::finish(std::uint64_t number) {
    const auto node = waiting_.extract(number);
    if (!node) return;
    Waiting& waiting = *node.mapped();
    waiting.outcome.late = std::move(waiting.awaited);
    count(waiting.outcome);
    if (!waiting.outcome.answers.empty())
        seconds_.observe(std::chrono::duration_cast<std::chrono::microseconds>(first_.events.now() - waiting.asked));
    waiting.answered(waiting.outcome);
}

void CallOrders::count(const Outcome& outcome) {
    sent_.add(!outcome.passed_on             ? "not_passed_on"
              : !outcome.late.empty()        ? "late"
              : !outcome.answers.empty()     ? "answered"
              : !outcome.unreachable.empty() ? "unreachable"
                                             : "nobody");
}

// How old an order is, Redis knows: who asked has given it up when its time is over, and may have asked again.
void CallOrders::on_order(const StampedOrder& stamped) {
    const auto now = switchboard_.shared_register->redis_now();
    if (!now || *now - stamped.passed_on_at > stamped.order.life) return received_.add("outdated");
    received_.add("carried_out");
    const CallOrder& order = stamped.order;
    control_.perform(order.action, request_of(order), order.call_sid,
                     [this, lives = std::weak_ptr(here_), order](const http::Response& response) {
                         if (!lives.expired()) publish_answer(order, response);
                     });
}

void CallOrders::publish_answer(const CallOrder& order, const http::Response& response) {
    std::string text = write_answer(answer_of(order, switchboard_.instance, response));
    if (text.size() > order_message_bytes_max)
        text = write_answer(answer_of(order, switchboard_.instance, http::error(500, "The answer is too long.")));
    store_.tell(StoreUse::call_orders, {"PUBLISH", channel_of(order.from), text});
}

std::string CallOrders::render() const {
    using call::MetricFamily;
    std::string text;
    MetricFamily(text, "mouthpiece_redis_listening", "gauge", "1 while other servers' requests reach this one.")
        .sample(std::uint64_t{listens_.load()});
    MetricFamily sent(text, "mouthpiece_call_orders_sent_total", "counter",
                      "Requests about calls of other servers, by what became of them.");
    for (const auto& [result, count_of_them] : sent_.snapshot()) sent.sample(count_of_them, {{"result", result}});
    MetricFamily received(text, "mouthpiece_call_orders_received_total", "counter",
                          "Requests of other servers, by what became of them.");
    for (const auto& [result, count_of_them] : received_.snapshot())
        received.sample(count_of_them, {{"result", result}});
    MetricFamily(text, "mouthpiece_call_order_seconds", "histogram", "From a request to another server to its answer.")
        .samples(seconds_);
    return text;
}

}  // namespace gateway
