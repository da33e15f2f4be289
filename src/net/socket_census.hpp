#pragma once
// How many connections the server has accepted and not yet closed: in all, and from each address as long as they have
// not shown that they come from Twilio. Shared by all loops, asked once when a connection is accepted and once when it
// ends; a mutex guards it.

#include "limit.hpp"
#include "net/ip_address.hpp"
#include "net/ip_range.hpp"

#include <cstddef>
#include <expected>
#include <limits>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace net {

class SocketCensus {
public:
    struct Bounds {
        std::size_t sockets_max = std::numeric_limits<std::size_t>::max();
        std::size_t per_address_max = std::numeric_limits<std::size_t>::max();
        std::vector<IpRange> without_limit{};  // addresses behind which there are many clients, such as a proxy's
    };

    // One connection's place, given back when it is destroyed.
    class Place {
    public:
        Place() = default;
        ~Place() { give_back(); }
        Place(Place&& other) noexcept
            : census_(std::exchange(other.census_, nullptr)),
              address_(other.address_),
              counted_for_address_(std::exchange(other.counted_for_address_, false)) {}
        Place& operator=(Place&& other) noexcept;

        void give_back();
        void proven();  // no longer counts for its address: calls are many, and Twilio's addresses few

    private:
        friend class SocketCensus;
        Place(SocketCensus& census, const IpAddress& address, bool counted_for_address)
            : census_(&census), address_(address), counted_for_address_(counted_for_address) {}

        SocketCensus* census_ = nullptr;
        IpAddress address_;
        bool counted_for_address_ = false;
    };

    explicit SocketCensus(Bounds bounds) : bounds_(std::move(bounds)) {}

    // The error is the bound that is reached.
    std::expected<Place, Limit> take(const IpAddress& address);

    std::size_t sockets() const;

private:
    void forget(const IpAddress& address);  // with the mutex held

    const Bounds bounds_;
    mutable std::mutex mutex_;
    std::size_t sockets_ = 0;
    std::map<IpAddress, std::size_t> unproven_;  // ordered: nobody can choose addresses that make it slow
};

}  // namespace net
