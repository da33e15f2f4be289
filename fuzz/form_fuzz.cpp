// Any body: what is read can be written and read again without change, and no field is longer than the body.

#include "encoding/form.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);

    if (const auto fields = encoding::parse_form(body)) {
        require(fields->size() <= encoding::form_fields_max);
        std::size_t total = 0;
        for (const auto& [name, value] : *fields) total += name.size() + value.size();
        require(total <= body.size());
        require(encoding::parse_form(encoding::write_form(*fields)) == fields);
    }

    // One value, whatever bytes it has, comes back from either way of writing it.
    const std::string written = encoding::percent_encode(body);
    const auto read = encoding::parse_form("v=" + written);
    require(read.has_value() && encoding::find(*read, "v") == body);
    return 0;
}
