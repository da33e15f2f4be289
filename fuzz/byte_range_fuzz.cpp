// Any Range header, any size of file: what is answered lies within the file.

#include "http/byte_range.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::uint64_t file = 0;
    if (size < sizeof file) return 0;
    std::memcpy(&file, data, sizeof file);
    const auto answer =
        http::answer_range({reinterpret_cast<const char*>(data) + sizeof file, size - sizeof file}, file);
    require(answer.status == 200 || answer.status == 206 || answer.status == 416);
    if (answer.status == 416) return 0;
    require(answer.range.first <= file && answer.range.size <= file - answer.range.first);
    require(answer.status != 206 || answer.range.size > 0);
    return 0;
}
