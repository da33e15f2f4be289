#pragma once
// GET /calls: which ones are asked for, and one list of what several servers tell. Where they tell of the same call
// (its stream has moved from one to another), the latest news counts.

#include "gateway/call_order.hpp"
#include "gateway/call_register.hpp"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

struct CallSelection {
    std::optional<CallState> state{};
    std::size_t limit = 100;
    bool of_all = true;  // servers; else of the one that is asked
};
// The error is a sentence for `detail`.
std::expected<CallSelection, std::string> read_selection(std::string_view query);

// The calls in these answers, each with its `instance`, the latest first. What is not a list of calls is passed over.
boost::json::array merged_calls(const std::vector<OrderAnswer>& lists, std::size_t limit);

// Of several pages of one call the one with the latest news; null when there is none.
const OrderAnswer* latest_page(const std::vector<OrderAnswer>& pages);

}  // namespace gateway
