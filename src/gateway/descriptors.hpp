#pragma once
// A connection is a descriptor, a recording another, and the system allows a process only so many: what may be promised
// to callers within that.

#include "gateway/options.hpp"

#include <cstddef>

namespace gateway {

// The bounds on connections and calls, no higher than `descriptors` allow. Some are kept back for what the server
// itself opens (requests to ElevenLabs, cache files), one for each call where calls may be recorded, and some of the
// connections for those who are not in a call yet.
Options fitted_to_descriptors(Options options, std::size_t descriptors);

std::size_t descriptors_allowed();

}  // namespace gateway
