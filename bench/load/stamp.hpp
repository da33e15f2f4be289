#pragma once
// The time of sending, hidden in audio: mu-law may carry any byte, so a stamp goes through whatever forwards audio
// unchanged, and whoever hears it knows how long that took.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace bench {

class Stamp {
public:
    static constexpr std::size_t bytes = 18;  // whole groups of base64

    static std::array<std::byte, bytes> of(std::int64_t ns) {
        std::array<std::byte, bytes> stamp{};
        std::memcpy(stamp.data(), magic.data(), magic.size());
        std::memcpy(stamp.data() + magic.size(), &ns, sizeof ns);
        return stamp;
    }
    // The first stamp in `audio`, which is cut off with everything before it.
    static std::optional<std::int64_t> take(std::span<const std::byte>& audio) {
        const void* found = ::memmem(audio.data(), audio.size(), magic.data(), magic.size());
        if (found == nullptr) return std::nullopt;
        audio = audio.subspan(static_cast<std::size_t>(static_cast<const std::byte*>(found) - audio.data()));
        if (audio.size() < bytes) return std::nullopt;
        std::int64_t ns = 0;
        std::memcpy(&ns, audio.data() + magic.size(), sizeof ns);
        audio = audio.subspan(bytes);
        return ns;
    }

private:
    static constexpr std::string_view magic = "\x01stamp\x02\x03\x04";  // 9 bytes
};

}  // namespace bench
