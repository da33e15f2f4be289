// Base64 at the two sizes that matter: one 20 ms frame (160 bytes) and one speech chunk (4 KB). Compare the AVX2 rows
// with the scalar rows of the same run; absolute times depend on the machine.

#include "encoding/base64.hpp"
#include "encoding/base64_kernels.hpp"

#include <benchmark/benchmark.h>
#include <string>
#include <vector>

namespace {

using namespace encoding;

std::vector<std::byte> sample_bytes(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 131 + 17);
    return bytes;
}

bool skip_without_avx2(benchmark::State& state, bool needs_avx2) {
    if (!needs_avx2 || base64_kernels::avx2_available()) return false;
    state.SkipWithError("this processor has no AVX2");
    return true;
}

void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void encode(benchmark::State& state, base64_kernels::Encode kernel) {
    if (skip_without_avx2(state, kernel == base64_kernels::encode_avx2)) return;
    const auto bytes = sample_bytes(static_cast<std::size_t>(state.range(0)));
    std::string text(base64_size(bytes.size()), '\0');
    for (auto _ : state) {
        kernel(bytes, text.data());
        benchmark::DoNotOptimize(text.data());
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}

// Sizes are rounded down to whole groups of three: the kernels see no padding.
void decode(benchmark::State& state, base64_kernels::Decode kernel) {
    if (skip_without_avx2(state, kernel == base64_kernels::decode_avx2)) return;
    std::vector<std::byte> bytes = sample_bytes(static_cast<std::size_t>(state.range(0)) / 3 * 3);
    const std::string text = to_base64(bytes);
    for (auto _ : state) {
        benchmark::DoNotOptimize(kernel(text, bytes.data()));
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}

// The public function, with padding, on a buffer that is used again.
void decode_public(benchmark::State& state) {
    const std::string text = to_base64(sample_bytes(static_cast<std::size_t>(state.range(0))));
    std::vector<std::byte> bytes;
    for (auto _ : state) {
        bytes.clear();
        benchmark::DoNotOptimize(append_from_base64(bytes, text));
    }
    count_bytes(state);
}

BENCHMARK_CAPTURE(encode, scalar, base64_kernels::encode_scalar)->Arg(160)->Arg(4096);
BENCHMARK_CAPTURE(encode, avx2, base64_kernels::encode_avx2)->Arg(160)->Arg(4096);
BENCHMARK_CAPTURE(decode, scalar, base64_kernels::decode_scalar)->Arg(160)->Arg(4096);
BENCHMARK_CAPTURE(decode, avx2, base64_kernels::decode_avx2)->Arg(160)->Arg(4096);
BENCHMARK(decode_public)->Arg(160)->Arg(4096);

}  // namespace

BENCHMARK_MAIN();
