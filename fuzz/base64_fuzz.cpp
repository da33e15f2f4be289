// Any text: both kernels give the same verdict and bytes, an accepted text has the promised size, and what was decoded
// survives a round trip. The same input taken as bytes must survive encoding.

#include "encoding/base64.hpp"

#include "encoding/base64_kernels.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_kernels(std::string_view text) {
    if (!encoding::base64_kernels::avx2_available()) return;
    const std::string_view quads = text.substr(0, text.size() / 4 * 4);
    std::vector<std::byte> scalar(quads.size() / 4 * 3), avx2(scalar.size());
    const bool accepted = encoding::base64_kernels::decode_scalar(quads, scalar.data());
    require(encoding::base64_kernels::decode_avx2(quads, avx2.data()) == accepted);
    require(!accepted || scalar == avx2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_kernels(text);

    if (const auto decoded = encoding::from_base64(text)) {
        const auto padding = static_cast<std::size_t>(std::ranges::count(text, '='));
        require(decoded->size() == text.size() / 4 * 3 - padding);
        const std::string canonical = encoding::to_base64(*decoded);
        require(canonical.size() == text.size());
        // Only the character before the padding may differ: in bits that carry nothing.
        const std::size_t certain = text.size() - padding - (padding > 0 ? 1 : 0);
        require(canonical.substr(0, certain) == text.substr(0, certain));
        require(encoding::from_base64(canonical) == decoded);
    }

    const auto bytes = std::as_bytes(std::span(data, size));
    const auto again = encoding::from_base64(encoding::to_base64(bytes));
    require(again.has_value() && std::ranges::equal(*again, bytes));
    return 0;
}
