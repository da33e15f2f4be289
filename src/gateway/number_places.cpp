#include "gateway/number_places.hpp"

#include <utility>

namespace gateway {

bool NumberPlaces::take(std::string_view number, const std::string& call_sid, std::size_t calls_max, Instant now) {
    const std::scoped_lock lock(mutex_);
    free_expired(now);
    if (places_.contains(call_sid)) return true;
    const std::string key(number);
    if (calls_max > 0) {
        const auto found = taken_.find(key);
        if (found != taken_.end() && found->second >= calls_max) return false;
    }
    const Instant expires = now + options_.awaited;
    places_.emplace(call_sid, Place{.number = key, .expires = expires});
    ++taken_[key];
    awaited_.emplace_back(expires, call_sid);
    return true;
}

void NumberPlaces::opened(const std::string& call_sid, std::uint64_t connection_id) {
    const std::scoped_lock lock(mutex_);
    if (const auto place = places_.find(call_sid); place != places_.end()) place->second.connection_id = connection_id;
}

void NumberPlaces::closed(const std::string& call_sid, std::uint64_t connection_id) {
    const std::scoped_lock lock(mutex_);
    const auto place = places_.find(call_sid);
    if (place != places_.end() && place->second.connection_id == connection_id) free(place);
}

std::size_t NumberPlaces::taken(std::string_view number) const {
    const std::scoped_lock lock(mutex_);
    const auto found = taken_.find(std::string(number));
    return found == taken_.end() ? 0 : found->second;
}

void NumberPlaces::give_up(const std::string& call_sid) {
    const std::scoped_lock lock(mutex_);
    if (const auto place = places_.find(call_sid); place != places_.end()) free(place);
}

std::map<std::string, std::vector<std::string>> NumberPlaces::taken_at(const Wanted& wanted, Instant now) {
    const std::scoped_lock lock(mutex_);
    free_expired(now);
    std::map<std::string, std::vector<std::string>> calls;
    for (const auto& [number, count] : taken_) {
        if (wanted(number)) calls.emplace(number, std::vector<std::string>{}).first->second.reserve(count);
    }
    if (calls.empty()) return calls;
    for (const auto& [call_sid, place] : places_) {
        if (const auto found = calls.find(place.number); found != calls.end()) found->second.push_back(call_sid);
    }
    return calls;
}

void NumberPlaces::when_freed(Freed freed) {
    const std::scoped_lock lock(mutex_);
    freed_ = std::move(freed);
}

void NumberPlaces::free(Places::iterator place) {
    if (freed_) freed_(place->second.number, place->first);
    const auto count = taken_.find(place->second.number);
    if (--count->second == 0) taken_.erase(count);
    places_.erase(place);
}

void NumberPlaces::free_expired(Instant now) {
    for (; !awaited_.empty() && awaited_.front().first <= now; awaited_.pop_front()) {
        const auto place = places_.find(awaited_.front().second);
        if (place == places_.end()) continue;
        if (place->second.connection_id == 0 && place->second.expires <= now) free(place);
    }
}

}  // namespace gateway
