#include "simulator/call_order_reader.hpp"

#include "twilio/e164.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace simulator {

namespace {

using namespace std::string_view_literals;

constexpr std::array known_parameters{"To"sv,
                                      "From"sv,
                                      "Url"sv,
                                      "Method"sv,
                                      "Timeout"sv,
                                      "TimeLimit"sv,
                                      "StatusCallback"sv,
                                      "StatusCallbackMethod"sv,
                                      "StatusCallbackEvent"sv,
                                      "FallbackUrl"sv,
                                      "FallbackMethod"sv,
                                      "MachineDetection"sv,
                                      "MachineDetectionTimeout"sv,
                                      "AsyncAmd"sv,
                                      "AsyncAmdStatusCallback"sv,
                                      "AsyncAmdStatusCallbackMethod"sv,
                                      "CallReason"sv};
constexpr std::array events{"initiated"sv, "ringing"sv, "answered"sv, "completed"sv};

constexpr int general = 21200, bad_url = 21205, bad_timeout = 21208, bad_to = 21211, bad_from = 21212, bad_amd = 21234;

std::unexpected<Notice> notice(int code, std::string text) {
    return std::unexpected(Notice{code, std::move(text)});
}

// Twilio reaches public hosts only, and none with an underscore; this machine is let through for the tests.
std::optional<WebAddress> callable(std::string_view url) {
    auto address = parse_address(url);
    if (!address || (address->scheme != "http" && address->scheme != "https") || address->host().contains('_'))
        return std::nullopt;
    return address;
}

bool in_range(std::string_view text, int low, int high) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= low && value <= high;
}

std::optional<Notice> fault_of_parameters(const encoding::FormFields& form) {
    std::set<std::string_view> seen;
    for (const auto& [name, value] : form) {
        if (std::ranges::find(known_parameters, name) == known_parameters.end())
            return Notice{general, fmt::format("Unknown parameter {}", name)};
        if (name == "StatusCallbackEvent" && std::ranges::find(events, value) == events.end())
            return Notice{general, fmt::format("Invalid StatusCallbackEvent {}", value)};
        if (name != "StatusCallbackEvent" && !seen.insert(name).second)
            return Notice{general, fmt::format("{} is given twice", name)};
        if (name.ends_with("Method") && value != "POST" && value != "GET")
            return Notice{general, fmt::format("Invalid {}", name)};
    }
    if (const auto timeout = encoding::find(form, "Timeout"); timeout && !in_range(*timeout, 1, 600))
        return Notice{bad_timeout, "Invalid Timeout"};
    if (const auto limit = encoding::find(form, "TimeLimit"); limit && !in_range(*limit, 1, 86'400))
        return Notice{general, "Invalid TimeLimit"};
    const auto detection = encoding::find(form, "MachineDetection").value_or("Enable");
    if (detection != "Enable" && detection != "DetectMessageEnd") return Notice{bad_amd, "Invalid MachineDetection"};
    return std::nullopt;
}

}  // namespace

std::expected<CallOrder, Notice> read_call_order(const encoding::FormFields& form) {
    const auto field = [&](std::string_view name) { return std::string(encoding::find(form, name).value_or("")); };
    if (auto fault = fault_of_parameters(form)) return std::unexpected(std::move(*fault));
    CallOrder order;
    Caller& caller = order.plan.caller;
    caller.to = field("To");
    caller.from = field("From");
    caller.direction = "outbound-api";
    if (!twilio::is_e164(caller.to)) return notice(bad_to, fmt::format("Invalid 'To' Phone Number: {}", caller.to));
    if (!twilio::is_e164(caller.from))
        return notice(bad_from, fmt::format("Invalid 'From' Phone Number: {}", caller.from));
    const auto url = callable(field("Url"));
    if (!url) return notice(bad_url, fmt::format("Url is not a valid URL: {}", field("Url")));
    order.plan.webhook = *url;
    order.plan.answered = true;
    if (const auto method = field("Method"); !method.empty()) order.plan.webhook_method = method;
    if (url->loopback()) order.plan.route = Route(*url, url->scheme == "http");
    for (const auto& [name, into] : {std::pair{"StatusCallback", &order.status_callback},
                                     std::pair{"AsyncAmdStatusCallback", &order.amd_callback}}) {
        if (field(name).empty()) continue;
        *into = callable(field(name));
        if (!*into) return notice(bad_url, fmt::format("{} is not a valid URL: {}", name, field(name)));
    }
    for (const auto& [name, value] : form) {
        if (name == "StatusCallbackEvent") order.events.insert(value);
    }
    if (order.events.empty()) order.events = {"completed"};
    return order;
}

}  // namespace simulator
