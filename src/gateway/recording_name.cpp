#include "gateway/recording_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace gateway {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view nobody = "call";
constexpr std::size_t time_characters = 19, call_sid_characters_max = 64, number_characters_max = 4;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_call_sid(std::string_view text) {
    return !text.empty() && text.size() <= call_sid_characters_max && std::ranges::all_of(text, is_letter_or_digit);
}

int value_of(std::string_view digits) {
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

// "20261126T081502417Z"
std::optional<WallTime> read_time(std::string_view text) {
    const std::string_view date = text.substr(0, 8), time = text.substr(9, 9);
    if (text[8] != 'T' || text[18] != 'Z' || !std::ranges::all_of(date, is_digit) ||
        !std::ranges::all_of(time, is_digit))
        return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::year(value_of(date.substr(0, 4))),
                                          std::chrono::month(static_cast<unsigned>(value_of(date.substr(4, 2)))),
                                          std::chrono::day(static_cast<unsigned>(value_of(date.substr(6, 2))))};
    const int hours = value_of(time.substr(0, 2)), minutes = value_of(time.substr(2, 2)),
              seconds = value_of(time.substr(4, 2));
    if (!day.ok() || hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
    return std::chrono::sys_days(day) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
           std::chrono::seconds(seconds) + milliseconds(value_of(time.substr(6, 3)));
}

}  // namespace

std::string iso_time(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int{date.year()}, unsigned{date.month()},
                       unsigned{date.day()}, clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::string recording_name(WallTime began, std::string_view call_sid, unsigned number) {
    std::string time = iso_time(began);
    std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
    const std::string name = fmt::format("{}-{}", time, is_call_sid(call_sid) ? call_sid : nobody);
    return number == 0 ? name : fmt::format("{}-{}", name, number);
}

std::optional<RecordingName> read_recording_name(std::string_view name) {
    if (name.size() < time_characters + 2 || name[time_characters] != '-') return std::nullopt;
    const auto began = read_time(name.substr(0, time_characters));
    if (!began) return std::nullopt;
    std::string_view call_sid = name.substr(time_characters + 1);
    if (const auto dash = call_sid.find('-'); dash != std::string_view::npos) {
        const std::string_view number = call_sid.substr(dash + 1);
        if (number.empty() || number.size() > number_characters_max || !std::ranges::all_of(number, is_digit))
            return std::nullopt;
        call_sid = call_sid.substr(0, dash);
    }
    if (!is_call_sid(call_sid)) return std::nullopt;
    return RecordingName{*began, call_sid == nobody ? std::string_view{} : call_sid};
}

namespace {

std::string_view ending_of(RecordingState state) {
    switch (state) {
        case RecordingState::whole:
            return ".wav";
        case RecordingState::cut:
            return ".cut.wav";
        case RecordingState::being_written:
            break;
    }
    return ".part";
}

}  // namespace

std::string recording_file_name(std::string_view name, RecordingState state) {
    return fmt::format("{}{}", name, ending_of(state));
}

std::optional<RecordingFileName> read_recording_file_name(std::string_view file_name) {
    for (const RecordingState state : {RecordingState::cut, RecordingState::whole, RecordingState::being_written}) {
        const std::string_view ending = ending_of(state);
        if (!file_name.ends_with(ending)) continue;
        const std::string_view name = file_name.substr(0, file_name.size() - ending.size());
        if (!read_recording_name(name)) return std::nullopt;
        return RecordingFileName{name, state};
    }
    return std::nullopt;
}

}  // namespace gateway
