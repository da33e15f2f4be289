#include "simulator/standin_fault.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace simulator {

namespace {

std::optional<std::size_t> read_count(std::string_view digits) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return count;
}

std::optional<std::size_t> count_of(const boost::json::value& value) {
    if (!value.is_int64() || value.get_int64() < 0) return std::nullopt;
    return static_cast<std::size_t>(value.get_int64());
}

}  // namespace

bool concerns_beginning(HttpEffect effect) {
    switch (effect) {
        case HttpEffect::stall:
        case HttpEffect::drip:
        case HttpEffect::cut:
        case HttpEffect::reset:
        case HttpEffect::tiny_chunks:
        case HttpEffect::odd_chunks:
        case HttpEffect::silence:
            return false;
        default:
            return true;
    }
}

bool concerns_beginning(SocketEffect effect) {
    return effect == SocketEffect::slow_start || effect == SocketEffect::one_frame || concerns_upgrade(effect);
}

bool concerns_upgrade(SocketEffect effect) {
    return effect == SocketEffect::refuse_upgrade || effect == SocketEffect::hang_upgrade;
}

const Fault* find_fault(std::string_view name) {
    const auto found = std::ranges::find(all_faults(), name, &Fault::name);
    return found == all_faults().end() ? nullptr : &*found;
}

ArmedFault FaultSwitches::take(std::vector<ArmedFault>::iterator armed) {
    ArmedFault taken = *armed;
    if (armed->times && --*armed->times == 0) armed_.erase(armed);
    return taken;
}

std::optional<ArmedFault> FaultSwitches::take(std::string_view text) {
    const auto armed =
        std::ranges::find_if(armed_, [&](const ArmedFault& fault) { return text.contains(fault.match_text); });
    if (armed == armed_.end()) return std::nullopt;
    return take(armed);
}

std::optional<ArmedFault> FaultSwitches::take_for_upgrade() {
    const auto armed = std::ranges::find_if(armed_, [](const ArmedFault& fault) {
        return fault.match_text.empty() && fault.after_bytes == 0 && concerns_upgrade(fault.fault->socket);
    });
    if (armed == armed_.end()) return std::nullopt;
    return take(armed);
}

ArmedFault FaultSwitches::postpone(const ArmedFault& fault, std::string_view text) {
    const bool always = !fault.times;
    if (always) {
        std::erase_if(armed_, [&](const ArmedFault& armed) { return armed.fault == fault.fault && !armed.times; });
    }
    ArmedFault next{.fault = fault.fault, .after_bytes = 0, .times = std::nullopt, .match_text = {}};
    if (!always) {
        next.times = 1;
        next.match_text = text;
    }
    armed_.insert(armed_.begin(), std::move(next));
    return {.fault = find_fault("truncate_body"), .after_bytes = fault.after_bytes, .times = 1, .match_text = {}};
}

std::expected<ArmedFault, std::string> read_armed_fault(std::string_view text) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object()) return std::unexpected("not a JSON object");
    ArmedFault armed;
    for (const auto& [key, value] : parsed.get_object()) {
        if (key == "fault" && value.is_string()) {
            armed.fault = find_fault(value.get_string());
        } else if (key == "match_text" && value.is_string()) {
            armed.match_text = value.get_string();
        } else if (key == "after_bytes" && count_of(value)) {
            armed.after_bytes = *count_of(value);
        } else if (key == "times" && count_of(value).value_or(0) > 0) {
            armed.times.emplace(*count_of(value));
        } else if (!(key == "times" && value == "forever")) {
            return std::unexpected(fmt::format("unknown or bad field \"{}\"", std::string_view(key)));
        }
    }
    if (armed.fault == nullptr) return std::unexpected("no known \"fault\"; GET /standin/faults lists them");
    return armed;
}

std::expected<ArmedFault, std::string> read_fault_option(std::string_view text) {
    const auto first = std::min(text.find(':'), text.size());
    ArmedFault armed;
    armed.fault = find_fault(text.substr(0, first));
    if (armed.fault == nullptr) return std::unexpected(fmt::format("no fault is called '{}'", text.substr(0, first)));
    if (first == text.size()) return armed;
    text.remove_prefix(first + 1);
    const auto second = std::min(text.find(':'), text.size());
    const auto after = read_count(text.substr(0, second));
    if (!after) return std::unexpected("after the fault's name: a number of bytes");
    armed.after_bytes = *after;
    if (second == text.size()) return armed;
    armed.times = read_count(text.substr(second + 1));
    if (armed.times.value_or(0) == 0) return std::unexpected("after the bytes: how many times, 1 or more");
    return armed;
}

}  // namespace simulator
