#include "net/socket_census.hpp"

namespace net {

SocketCensus::Place& SocketCensus::Place::operator=(Place&& other) noexcept {
    if (this != &other) {
        give_back();
        census_ = std::exchange(other.census_, nullptr);
        address_ = other.address_;
        counted_for_address_ = std::exchange(other.counted_for_address_, false);
    }
    return *this;
}

void SocketCensus::Place::give_back() {
    if (census_ == nullptr) return;
    const std::scoped_lock lock(census_->mutex_);
    --census_->sockets_;
    if (std::exchange(counted_for_address_, false)) census_->forget(address_);
    census_ = nullptr;
}

void SocketCensus::Place::proven() {
    if (!std::exchange(counted_for_address_, false)) return;
    const std::scoped_lock lock(census_->mutex_);
    census_->forget(address_);
}

std::expected<SocketCensus::Place, Limit> SocketCensus::take(const IpAddress& address) {
    const bool counted = !contains(bounds_.without_limit, address);
    const IpAddress known_as = address.subscriber();
    const std::scoped_lock lock(mutex_);
    if (sockets_ >= bounds_.sockets_max) return std::unexpected(Limit::sockets);
    if (counted) {
        std::size_t& unproven = unproven_[known_as];
        if (unproven >= bounds_.per_address_max) return std::unexpected(Limit::sockets_per_address);
        ++unproven;
    }
    ++sockets_;
    return Place(*this, known_as, counted);
}

void SocketCensus::forget(const IpAddress& address) {
    const auto found = unproven_.find(address);
    if (--found->second == 0) unproven_.erase(found);
}

std::size_t SocketCensus::sockets() const {
    const std::scoped_lock lock(mutex_);
    return sockets_;
}

}  // namespace net
