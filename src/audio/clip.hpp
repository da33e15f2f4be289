#pragma once
// A stretch of mu-law audio that is never changed after it is made, so calls, cache and loops may share it without
// copying.

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace audio {

class Clip {
public:
    Clip() = default;
    explicit Clip(std::vector<std::byte> mulaw)
        : owner_(std::make_shared<const std::vector<std::byte>>(std::move(mulaw))), bytes_(*owner_) {}

    std::span<const std::byte> bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }

    // The part from `offset` on, sharing the same storage. `offset` must not exceed size().
    Clip from(std::size_t offset) const {
        Clip rest = *this;
        rest.bytes_ = bytes_.subspan(offset);
        return rest;
    }
    // The first `size` bytes, sharing the same storage. `size` must not exceed size().
    Clip first(std::size_t size) const {
        Clip head = *this;
        head.bytes_ = bytes_.first(size);
        return head;
    }

private:
    std::shared_ptr<const std::vector<std::byte>> owner_;
    std::span<const std::byte> bytes_;
};

}  // namespace audio
