#pragma once
// As much of RFC 6455 as two ends need that know each other: whole, unfragmented frames. Not the product's codec on
// purpose: it is what the product is measured against, so it does the least that can work.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

inline constexpr std::uint8_t text_frame = 1, close_frame = 8, ping_frame = 9;
inline constexpr std::size_t frame_header_max = 14;

struct Frame {
    std::size_t bytes = 0;  // header and payload; 0: not all of it is there yet
    std::uint8_t opcode = 0;
    std::span<char> payload;  // unmasked, in place
};
Frame read_frame(std::span<char> input);

// The header alone; returns its length. `mask` is written behind it when it is not null, and the payload must then be
// masked with it.
std::size_t write_header(char* out, std::uint8_t opcode, std::size_t payload_bytes,
                         const std::uint32_t* mask = nullptr);
void apply_mask(char* bytes, std::size_t size, std::uint32_t mask);
// A whole frame as a client sends it.
void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload, std::uint32_t mask);

// Cuts a byte stream into frames. What is left of the input is kept for the next time; whole frames are never copied.
class Inbox {
public:
    template <class OnFrame>
    void take(std::span<char> fresh, OnFrame on_frame) {
        if (!kept_.empty()) {
            kept_.append(fresh.data(), fresh.size());
            fresh = kept_;
        }
        std::size_t used = 0;
        while (true) {
            const Frame frame = read_frame(fresh.subspan(used));
            if (frame.bytes == 0) break;
            used += frame.bytes;
            on_frame(frame);
        }
        if (kept_.empty()) {
            kept_.assign(fresh.data() + used, fresh.size() - used);
        } else {
            kept_.erase(0, used);
        }
    }

private:
    std::string kept_;
};

}  // namespace bench
