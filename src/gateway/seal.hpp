#pragma once
// Seals what our servers give to each other by way of others: AES-256-GCM under a key derived from a secret they share.
// Who has not got it can neither read a sealed text nor make one, nor use it for another subject than its own.

#include "redacted.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX

namespace gateway {

class Seal {
public:
    // `purpose`: each has a key of its own. With an empty secret nothing can be sealed.
    Seal(const Secret& secret, std::string_view purpose);

    bool usable() const { return sealing_ != nullptr; }
    // Any thread. `subject` is authenticated with it, and not in it.
    std::vector<std::byte> close(std::string_view subject, std::string_view text);
    std::optional<std::string> open(std::string_view subject, std::span<const std::byte> sealed);

private:
    struct Free {
        void operator()(evp_cipher_ctx_st* cipher) const;
    };
    // With the key set up, which takes longer than to seal.
    using Cipher = std::unique_ptr<evp_cipher_ctx_st, Free>;
    using Nonce = std::array<std::byte, 12>;
    Nonce next_nonce();

    std::mutex mutex_;
    Cipher sealing_, opening_;
    std::uint64_t nonce_prefix_ = 0;
    std::uint32_t issued_ = 0;
};

}  // namespace gateway
