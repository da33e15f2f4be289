#include "gateway/openapi.hpp"

// As in apology.cpp: the assembler reads the file in.
asm(R"(
    .section .rodata
    .global mouthpiece_openapi_begin
    .global mouthpiece_openapi_end
mouthpiece_openapi_begin:
    .incbin ")" OPENAPI_FILE R"("
mouthpiece_openapi_end:
    .previous
)");

extern "C" const char mouthpiece_openapi_begin[];
extern "C" const char mouthpiece_openapi_end[];

namespace gateway {

std::string_view openapi_document() {
    return {mouthpiece_openapi_begin, mouthpiece_openapi_end};
}

}  // namespace gateway
