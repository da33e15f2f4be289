#pragma once
// The two implementations behind base64.hpp, apart so that tests and benches can hold one against the other. Everybody
// else wants base64.hpp.

#include <cstddef>
#include <span>
#include <string_view>

namespace encoding::base64_kernels {

// `out` has room for base64_size(bytes.size()) characters; padding is written too.
using Encode = void (*)(std::span<const std::byte> bytes, char* out);

// `quads` is unpadded, its length a multiple of four; `out` has room for exactly three bytes for each four characters.
// False if a character is outside the alphabet; `out` then holds rubbish.
using Decode = bool (*)(std::string_view quads, std::byte* out);

void encode_scalar(std::span<const std::byte> bytes, char* out);
bool decode_scalar(std::string_view quads, std::byte* out);

// Only to be called where avx2_available().
bool avx2_available();
void encode_avx2(std::span<const std::byte> bytes, char* out);
bool decode_avx2(std::string_view quads, std::byte* out);

}  // namespace encoding::base64_kernels
