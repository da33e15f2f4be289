// Base64 32 characters at a time. Only these functions are compiled for AVX2 (by attribute), so that the rest of the
// program runs on any x86-64 processor; base64.cpp asks the processor once.

#include "encoding/base64_kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#define MOUTHPIECE_AVX2 __attribute__((target("avx2")))

namespace encoding::base64_kernels {

namespace {

// Twelve bytes in each half -> sixteen six-bit values in each half.
MOUTHPIECE_AVX2 __m256i split_to_sixes(__m256i bytes) {
    // Every group of three bytes a b c becomes the 32-bit lane b a c b: each six-bit field then lies inside one 16-bit
    // half.
    const __m256i spread =
        _mm256_shuffle_epi8(bytes, _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,  //
                                                    1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
    // AVX2 has no 16-bit shift by a different amount in each lane; multiplying by a power of two is one.
    const __m256i first_and_third = _mm256_mulhi_epu16(_mm256_and_si256(spread, _mm256_set1_epi32(0x0FC0FC00)),
                                                       _mm256_set1_epi32(0x04000040));  // >> 10 and >> 6
    const __m256i second_and_fourth = _mm256_mullo_epi16(_mm256_and_si256(spread, _mm256_set1_epi32(0x003F03F0)),
                                                         _mm256_set1_epi32(0x01000010));  // << 4 and << 8
    return _mm256_or_si256(first_and_third, second_and_fourth);
}

// Six-bit values -> letters, by adding to each value the distance of its range from ASCII.
MOUTHPIECE_AVX2 __m256i letters_of(__m256i sixes) {
    // Range number: 0 for a-z, 1..10 for the digits, 11 for '+', 12 for '/'; capitals (below 26) get 13.
    const __m256i above_letters = _mm256_subs_epu8(sixes, _mm256_set1_epi8(51));
    const __m256i is_capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), sixes);
    const __m256i range = _mm256_or_si256(above_letters, _mm256_and_si256(is_capital, _mm256_set1_epi8(13)));
    constexpr char lower = 'a' - 26, digit = '0' - 52, plus = '+' - 62, slash = '/' - 63, capital = 'A';
    const __m256i distance = _mm256_setr_epi8(
        lower, digit, digit, digit, digit, digit, digit, digit, digit, digit, digit,  //
        plus, slash, capital, 0, 0,                                                   //
        lower, digit, digit, digit, digit, digit, digit, digit, digit, digit, digit, plus, slash, capital, 0, 0);
    return _mm256_add_epi8(sixes, _mm256_shuffle_epi8(distance, range));
}

MOUTHPIECE_AVX2 __m256i within(__m256i text, char first, char last) {
    // Signed comparison is right here: bytes from 0x80 up are negative and so below every letter.
    return _mm256_and_si256(_mm256_cmpgt_epi8(text, _mm256_set1_epi8(static_cast<char>(first - 1))),
                            _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(last + 1)), text));
}

MOUTHPIECE_AVX2 __m256i where(__m256i mask, int value) {
    return _mm256_and_si256(mask, _mm256_set1_epi8(static_cast<char>(value)));
}

// Letters -> six-bit values in `sixes`; false if any is foreign.
MOUTHPIECE_AVX2 bool sixes_of(__m256i text, __m256i& sixes) {
    const __m256i capital = within(text, 'A', 'Z'), lower = within(text, 'a', 'z'), digit = within(text, '0', '9');
    const __m256i plus = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('+'));
    const __m256i slash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('/'));
    const __m256i letter = _mm256_or_si256(capital, lower);
    const __m256i sign = _mm256_or_si256(plus, slash);
    const __m256i known = _mm256_or_si256(_mm256_or_si256(letter, digit), sign);
    const __m256i letter_distance = _mm256_or_si256(where(capital, -'A'), where(lower, 26 - 'a'));
    const __m256i sign_distance = _mm256_or_si256(where(plus, 62 - '+'), where(slash, 63 - '/'));
    const __m256i distance = _mm256_or_si256(_mm256_or_si256(letter_distance, sign_distance), where(digit, 52 - '0'));
    sixes = _mm256_add_epi8(text, distance);
    return _mm256_movemask_epi8(known) == -1;
}

// Sixteen six-bit values in each half -> twelve bytes at the start of each half.
MOUTHPIECE_AVX2 __m256i join_sixes(__m256i sixes) {
    const __m256i twelves = _mm256_maddubs_epi16(sixes, _mm256_set1_epi32(0x01400140));  // a * 64 + b
    const __m256i whole = _mm256_madd_epi16(twelves, _mm256_set1_epi32(0x00011000));     // ab * 4096 + cd
    return _mm256_shuffle_epi8(whole, _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,  //
                                                       2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
}

}  // namespace

bool avx2_available() {
    return __builtin_cpu_supports("avx2") != 0;
}

MOUTHPIECE_AVX2 void encode_avx2(std::span<const std::byte> bytes, char* out) {
    constexpr std::size_t block = 24, read = 28;  // two loads of 16 bytes, twelve apart
    while (bytes.size() >= read) {
        const auto* from = bytes.data();
        const __m256i in = _mm256_set_m128i(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 12)),
                                            _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), letters_of(split_to_sixes(in)));
        bytes = bytes.subspan(block);
        out += 32;
    }
    encode_scalar(bytes, out);
}

MOUTHPIECE_AVX2 bool decode_avx2(std::string_view quads, std::byte* out) {
    constexpr std::size_t block = 32;
    constexpr std::size_t written = 28;  // two stores of 16 bytes, twelve apart: four more than the block is worth
    while (quads.size() / 4 * 3 >= written) {
        __m256i sixes;
        if (!sixes_of(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(quads.data())), sixes)) return false;
        const __m256i bytes = join_sixes(sixes);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 12), _mm256_extracti128_si256(bytes, 1));
        quads.remove_prefix(block);
        out += 24;
    }
    return decode_scalar(quads, out);
}

}  // namespace encoding::base64_kernels

#else

namespace encoding::base64_kernels {

bool avx2_available() {
    return false;
}
void encode_avx2(std::span<const std::byte> bytes, char* out) {
    encode_scalar(bytes, out);
}
bool decode_avx2(std::string_view quads, std::byte* out) {
    return decode_scalar(quads, out);
}

}  // namespace encoding::base64_kernels

#endif
