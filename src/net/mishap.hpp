#pragma once
// What escapes from a callback ends that callback, and the connection it belonged to, and nothing else: the loop and
// its other calls go on. (std::bad_alloc ends the program instead, see main.)

#include <cstdint>
#include <exception>

namespace net {

// Logs and counts it. Never throws, also when there is no memory to say so.
void tell_mishap(const char* where, const std::exception& mishap) noexcept;

std::uint64_t mishaps();  // of all loops since the start

// False: `work` threw.
template <class Work>
bool guarded(const char* where, Work&& work) {
    try {
        work();
        return true;
    } catch (const std::exception& mishap) {
        tell_mishap(where, mishap);
        return false;
    }
}

}  // namespace net
