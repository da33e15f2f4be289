#include "gateway/call_lists.hpp"

#include "encoding/form.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& call, std::string_view name) {
    const json::value* const value = call.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Comparable: times are ISO 8601 of one length. An open call is news until it ends.
std::string news_of(const json::object& call) {
    const std::string state = text_of(call, "state");
    if (state == name_of(CallState::open)) return "open";  // behind any digit
    return text_of(call, state == name_of(CallState::ended) ? "ended_at" : "created_at");
}

json::value parsed(const OrderAnswer& answer) {
    json::parse_options as_it_is;
    as_it_is.allow_invalid_utf8 = true;
    boost::system::error_code error;
    json::value value = json::parse(answer.body, error, {}, as_it_is);
    return error ? json::value(nullptr) : value;
}

}  // namespace

std::expected<CallSelection, std::string> read_selection(std::string_view query) {
    constexpr std::size_t limit_max = 1'000;
    const auto fields = encoding::parse_form(query).value_or(encoding::FormFields{});
    CallSelection wanted;
    if (const auto state = encoding::find(fields, "state")) {
        for (const CallState known : {CallState::waiting, CallState::open, CallState::ended}) {
            if (*state == name_of(known)) wanted.state = known;
        }
        if (!wanted.state) return std::unexpected("state must be one of: waiting, open, ended.");
    }
    if (const auto limit = encoding::find(fields, "limit")) {
        const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), wanted.limit);
        if (error != std::errc{} || end != limit->data() + limit->size() || wanted.limit == 0 ||
            wanted.limit > limit_max) {
            return std::unexpected(fmt::format("limit must be a whole number from 1 to {}.", limit_max));
        }
    }
    const std::string_view instances = encoding::find(fields, "instances").value_or("all");
    if (instances != "all" && instances != "this") return std::unexpected("instances must be one of: all, this.");
    wanted.of_all = instances == "all";
    return wanted;
}

json::array merged_calls(const std::vector<OrderAnswer>& lists, std::size_t limit) {
    std::unordered_map<std::string, json::object> by_sid;
    for (const OrderAnswer& list : lists) {
        const json::value page = parsed(list);
        const json::value* const calls = page.is_object() ? page.get_object().if_contains("calls") : nullptr;
        if (list.status != 200 || calls == nullptr || !calls->is_array()) continue;
        for (const json::value& call : calls->get_array()) {
            if (!call.is_object() || text_of(call.get_object(), "call_sid").empty()) continue;
            json::object& kept = by_sid[text_of(call.get_object(), "call_sid")];
            if (!kept.empty() && news_of(kept) >= news_of(call.get_object())) continue;
            kept = call.get_object();
            kept["instance"] = list.from;
        }
    }
    std::vector<std::pair<std::string, json::object*>> order;
    order.reserve(by_sid.size());
    for (auto& [sid, call] : by_sid) order.emplace_back(text_of(call, "created_at"), &call);
    std::ranges::sort(order, std::greater{}, [](const auto& entry) { return entry.first; });
    json::array calls;
    for (const auto& [created_at, call] : order) {
        if (calls.size() == limit) break;
        calls.push_back(std::move(*call));
    }
    return calls;
}

const OrderAnswer* latest_page(const std::vector<OrderAnswer>& pages) {
    const OrderAnswer* latest = nullptr;
    std::string news;
    for (const OrderAnswer& page : pages) {
        const json::value call = parsed(page);
        if (page.status != 200 || !call.is_object()) continue;
        std::string its_news = news_of(call.get_object());
        if (latest != nullptr && its_news <= news) continue;
        latest = &page;
        news = std::move(its_news);
    }
    return latest;
}

}  // namespace gateway
