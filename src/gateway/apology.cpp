#include "gateway/apology.hpp"

#include <cstddef>
#include <vector>

// The assembler reads the file in: no generated source, no copy in memory until somebody needs it.
asm(R"(
    .section .rodata
    .global mouthpiece_apology_begin
    .global mouthpiece_apology_end
mouthpiece_apology_begin:
    .incbin ")" APOLOGY_FILE R"("
mouthpiece_apology_end:
    .previous
)");

extern "C" const std::byte mouthpiece_apology_begin[];
extern "C" const std::byte mouthpiece_apology_end[];

namespace gateway {

audio::Clip recorded_apology() {
    return audio::Clip(std::vector<std::byte>(mouthpiece_apology_begin, mouthpiece_apology_end));
}

}  // namespace gateway
