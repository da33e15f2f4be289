#pragma once
// The Range of a GET: which bytes of a file are wanted (RFC 9110, 14). One range; who asks for several, or for what we
// do not understand, gets the whole, as the RFC allows.

#include <cstdint>
#include <optional>
#include <string_view>

namespace http {

struct ByteRange {
    std::uint64_t first = 0, size = 0;
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct RangeAnswer {
    int status = 200;  // 200: the whole; 206: `range` of it; 416: there is no such part
    ByteRange range{};
};

// `header` is the value of Range, empty when there is none.
RangeAnswer answer_range(std::string_view header, std::uint64_t size);

}  // namespace http
