#include "gateway/call_api.hpp"

#include "gateway/call_lists.hpp"
#include "gateway/call_orders.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace gateway {

namespace json = boost::json;

namespace {

using namespace std::chrono_literals;

constexpr auto order_life = 2'000ms, list_life = 500ms;

Reply answer_to(const CallApi::ExchangePointer& exchange) {
    return [exchange](const http::Response& response) { exchange->answer(response); };
}

// What the others say of the call; nullopt: nothing, none of them knows it.
std::optional<http::Response> told_by_others(CallAction action, const CallOrders::Outcome& outcome) {
    if (action == CallAction::show) {
        if (const OrderAnswer* const page = latest_page(outcome.answers)) return response_of(*page);
    }
    for (const OrderAnswer& answer : outcome.answers) {
        if (answer.status != 404) return response_of(answer);
    }
    if (!outcome.late.empty()) {
        return http::error(504,
                           "The server that may have the call did not answer in time; it may have done what was asked. "
                           "With an Idempotency-Key it is safe to ask again.");
    }
    if (outcome.to_owner && !outcome.unreachable.empty())
        return not_reached("The server that has the call cannot be reached now.");
    return std::nullopt;
}

http::Response list_page(const std::vector<OrderAnswer>& lists, std::size_t limit, const CallOrders::Outcome& others) {
    json::array not_answered;
    for (const auto* names : {&others.unreachable, &others.late}) {
        for (const std::string& name : *names) not_answered.emplace_back(name);
    }
    const bool complete = others.passed_on && not_answered.empty();
    return json_page(
        200,
        {{"calls", merged_calls(lists, limit)}, {"complete", complete}, {"not_answered", std::move(not_answered)}});
}

bool takes_body(CallAction action) {
    return action == CallAction::say || action == CallAction::mark || action == CallAction::hang_up;
}

}  // namespace

void CallApi::list(const ExchangePointer& exchange) {
    const auto& all = loop_.switchboard;
    const auto wanted = read_selection(exchange->request().query());
    if (!wanted || !all.orders) return control_.perform(CallAction::list, exchange->request(), {}, answer_to(exchange));
    OrderAnswer ours{.from = all.instance};
    control_.perform(CallAction::list, exchange->request(), {}, [&ours](const http::Response& response) {
        ours.status = response.status;
        ours.body = response.body;
    });
    const auto merge = [exchange, limit = wanted->limit, ours = std::move(ours)](const CallOrders::Outcome& others) {
        std::vector<OrderAnswer> lists{ours};
        lists.insert(lists.end(), others.answers.begin(), others.answers.end());
        exchange->answer(list_page(lists, limit, others));
    };
    if (!wanted->of_all) return merge({.passed_on = true});
    CallOrder order{.from = all.instance, .life = list_life, .action = CallAction::list};
    order.query = exchange->request().query();
    if (!is_fit(order)) return merge({});
    all.orders->ask(loop_, order, CallOrders::To::all, merge);
}

void CallApi::place(const ExchangePointer& exchange) {
    const std::string base = loop_.switchboard.origins.of(exchange->request(), exchange->peer()).base_url();
    answer_once(loop_, exchange->request(), answer_to(exchange),
                [&](const Reply& reply) { placement_.place(exchange->request(), base, reply); });
}

void CallApi::on_call(CallAction action, const ExchangePointer& exchange, const std::string& call_sid) {
    const auto& all = loop_.switchboard;
    const http::Request& request = exchange->request();
    const auto here = [this, action, exchange, call_sid] {
        control_.perform(action, exchange->request(), call_sid, answer_to(exchange));
    };
    const auto call = all.calls.find(call_sid);
    if (!all.orders || (call && call->state == CallState::open)) return here();
    if (takes_body(action)) {
        if (const auto body = json_body(request); !body) return exchange->answer(body.error());
    }
    CallOrder order{.from = all.instance, .life = order_life, .action = action, .call_sid = call_sid};
    order.idempotency_key = request.header("Idempotency-Key");
    if (takes_body(action)) order.body = request.body;
    if (!is_fit(order)) return here();
    const bool known = call.has_value();
    const auto on_outcome = [exchange, here, known, action](const CallOrders::Outcome& outcome) {
        if (const auto told = told_by_others(action, outcome)) return exchange->answer(*told);
        if (outcome.passed_on || known) return here();
        exchange->answer(not_reached("The call is not here, and the other servers cannot be asked now."));
    };
    all.orders->ask(loop_, order, known ? CallOrders::To::owner : CallOrders::To::owner_or_all, on_outcome);
}

}  // namespace gateway
