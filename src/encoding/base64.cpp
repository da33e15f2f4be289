#include "encoding/base64.hpp"

#include "encoding/base64_kernels.hpp"

#include <array>

namespace encoding {

namespace {

struct Kernels {
    base64_kernels::Encode encode;
    base64_kernels::Decode decode;
};

const Kernels& kernels() {
    static const Kernels best = base64_kernels::avx2_available()
                                    ? Kernels{base64_kernels::encode_avx2, base64_kernels::decode_avx2}
                                    : Kernels{base64_kernels::encode_scalar, base64_kernels::decode_scalar};
    return best;
}

// Zero, one or two; a third '=' is left in place and found to be outside the alphabet.
std::size_t padding_of(std::string_view text) {
    if (!text.ends_with('=')) return 0;
    return text.ends_with("==") ? 2 : 1;
}

}  // namespace

void append_base64(std::string& out, std::span<const std::byte> bytes) {
    const std::size_t before = out.size();
    const std::size_t total = before + base64_size(bytes.size());
    out.resize_and_overwrite(total, [&](char* text, std::size_t) {
        kernels().encode(bytes, text + before);
        return total;
    });
}

std::string to_base64(std::span<const std::byte> bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

std::expected<void, Base64Error> append_from_base64(std::vector<std::byte>& out, std::string_view text) {
    if (text.size() % 4 != 0) return std::unexpected(Base64Error::bad_length);
    if (text.empty()) return {};

    // Only the last four characters may be padded: they are decoded apart, with zero bits in place of the padding.
    const std::size_t padding = padding_of(text);
    std::array<char, 4> last{};
    text.copy(last.data(), 4, text.size() - 4);
    for (std::size_t i = 4 - padding; i < 4; ++i) last[i] = 'A';
    std::array<std::byte, 3> last_bytes{};
    if (!base64_kernels::decode_scalar({last.data(), 4}, last_bytes.data()))
        return std::unexpected(Base64Error::bad_character);

    const std::string_view full = text.substr(0, text.size() - 4);
    const std::size_t before = out.size();
    out.resize(before + full.size() / 4 * 3);
    if (!kernels().decode(full, out.data() + before)) {
        out.resize(before);
        return std::unexpected(Base64Error::bad_character);
    }
    out.insert(out.end(), last_bytes.begin(), last_bytes.end() - static_cast<std::ptrdiff_t>(padding));
    return {};
}

std::expected<std::vector<std::byte>, Base64Error> from_base64(std::string_view text) {
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() / 4 * 3);
    if (const auto done = append_from_base64(bytes, text); !done) return std::unexpected(done.error());
    return bytes;
}

}  // namespace encoding
