#include "simulator/connection_overrides.hpp"

#include <charconv>

namespace simulator {

namespace {

std::string_view next_part(std::string_view& list, char separator) {
    const auto end = list.find(separator);
    const auto part = list.substr(0, end);
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    return part;
}

std::optional<unsigned> number_within(std::string_view text, unsigned least, unsigned most) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most)
        return std::nullopt;
    return number;
}

bool read_time(std::string_view value, unsigned least, std::chrono::milliseconds& time) {
    const auto number = number_within(value, least, 15'000);
    if (number) time = std::chrono::milliseconds(*number);
    return number.has_value();
}

bool read_policy(std::string_view list, ConnectionOverrides& overrides) {
    overrides.after_connect_failure = false;
    while (!list.empty()) {
        const auto what = next_part(list, ',');
        if (what == "all") {
            overrides.after_all = true;
        } else if (what == "4xx") {
            overrides.after_4xx = true;
        } else if (what == "5xx") {
            overrides.after_5xx = true;
        } else if (what == "ct") {
            overrides.after_connect_failure = true;
        } else if (what == "rt") {
            overrides.after_read_timeout = true;
        } else {
            return false;
        }
    }
    return true;
}

bool read_override(std::string_view key, std::string_view value, ConnectionOverrides& overrides) {
    if (key == "ct") return read_time(value, 100, overrides.connect_max) && overrides.connect_max.count() <= 10'000;
    if (key == "rt") return read_time(value, 100, overrides.read_max);
    if (key == "tt") return read_time(value, 100, overrides.total_max);
    if (key == "rp") return read_policy(value, overrides);
    if (key == "sni") return value == "y" || value == "n";
    if (key == "e") return !value.empty();  // which of Twilio's places asks
    if (key != "rc") return false;
    const auto retries = number_within(value, 0, 5);
    if (retries) overrides.retries = *retries;
    return retries.has_value();
}

}  // namespace

bool ConnectionOverrides::retry_status(int status) const {
    if (status >= 500) return after_all || after_5xx;
    return status >= 400 && (after_all || after_4xx);
}

bool ConnectionOverrides::retry_failure(net::TransportError::Kind kind) const {
    using Kind = net::TransportError::Kind;
    if (kind == Kind::resolve || kind == Kind::connect || kind == Kind::tls) return after_all || after_connect_failure;
    if (kind == Kind::timeout) return after_all || after_read_timeout;
    return after_all && kind == Kind::cut_off;
}

std::optional<ConnectionOverrides> read_overrides(std::string_view fragment) {
    ConnectionOverrides overrides;
    while (!fragment.empty()) {
        std::string_view value = next_part(fragment, '&');
        const auto key = next_part(value, '=');
        if (!read_override(key, value, overrides)) return std::nullopt;
    }
    return overrides;
}

}  // namespace simulator
