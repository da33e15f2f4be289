#include "gateway/seal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace gateway {

namespace {

// version | nonce | what is sealed | authenticity
constexpr std::byte seal_version{1};
constexpr std::size_t nonce_bytes = 12, tag_bytes = 16, head_bytes = 1 + nonce_bytes;

const unsigned char* octets(const void* bytes) {
    return static_cast<const unsigned char*>(bytes);
}
unsigned char* octets(void* bytes) {
    return static_cast<unsigned char*>(bytes);
}

// Ready for the text, and with the subject authenticated.
void begin(EVP_CIPHER_CTX* cipher, std::span<const std::byte> nonce, std::string_view subject) {
    constexpr int as_before = -1;  // sealing or opening
    int length = 0;
    if (EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, octets(nonce.data()), as_before) != 1 ||
        EVP_CipherUpdate(cipher, nullptr, &length, octets(subject.data()), static_cast<int>(subject.size())) != 1) {
        throw std::runtime_error("AES-256-GCM is not available");
    }
}

}  // namespace

// HMAC-SHA256 as the one step of a key derivation: the secret has entropy enough, and the key is for nothing else.
Seal::Seal(const Secret& secret, std::string_view purpose) {
    if (secret.empty()) return;
    std::array<std::byte, 32> key;
    unsigned length = 0;
    if (HMAC(EVP_sha256(), secret.reveal().data(), static_cast<int>(secret.reveal().size()), octets(purpose.data()),
             purpose.size(), octets(key.data()), &length) == nullptr ||
        length != key.size()) {
        throw std::runtime_error("HMAC-SHA256 is not available");
    }
    for (const auto& [cipher, sealing] : {std::pair(&sealing_, 1), std::pair(&opening_, 0)}) {
        cipher->reset(EVP_CIPHER_CTX_new());
        if (!*cipher ||
            EVP_CipherInit_ex(cipher->get(), EVP_aes_256_gcm(), nullptr, octets(key.data()), nullptr, sealing) != 1)
            throw std::runtime_error("AES-256-GCM is not available");
    }
    OPENSSL_cleanse(key.data(), key.size());
    if (RAND_bytes(octets(&nonce_prefix_), sizeof nonce_prefix_) != 1) throw std::runtime_error("no random numbers");
}

void Seal::Free::operator()(evp_cipher_ctx_st* cipher) const {
    EVP_CIPHER_CTX_free(cipher);
}

// Never the same twice: a counter behind a random beginning, which no two servers share (NIST SP 800-38D, 8.2.1).
Seal::Nonce Seal::next_nonce() {
    if (++issued_ == 0) ++nonce_prefix_;
    Nonce nonce;
    std::memcpy(nonce.data(), &nonce_prefix_, sizeof nonce_prefix_);
    std::memcpy(nonce.data() + sizeof nonce_prefix_, &issued_, sizeof issued_);
    return nonce;
}

std::vector<std::byte> Seal::close(std::string_view subject, std::string_view text) {
    std::vector<std::byte> sealed(head_bytes + text.size() + tag_bytes);
    sealed[0] = seal_version;
    const std::scoped_lock lock(mutex_);
    const Nonce nonce = next_nonce();
    std::ranges::copy(nonce, sealed.begin() + 1);
    begin(sealing_.get(), nonce, subject);
    std::byte* const body = sealed.data() + head_bytes;
    int length = 0;
    if (EVP_CipherUpdate(sealing_.get(), octets(body), &length, octets(text.data()), static_cast<int>(text.size())) !=
            1 ||
        EVP_CipherFinal_ex(sealing_.get(), octets(body + length), &length) != 1 ||
        EVP_CIPHER_CTX_ctrl(sealing_.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, body + text.size()) != 1) {
        throw std::runtime_error("sealing failed");
    }
    return sealed;
}

std::optional<std::string> Seal::open(std::string_view subject, std::span<const std::byte> sealed) {
    if (!opening_ || sealed.size() < head_bytes + tag_bytes || sealed[0] != seal_version) return std::nullopt;
    const auto body = sealed.subspan(head_bytes, sealed.size() - head_bytes - tag_bytes);
    std::array<std::byte, tag_bytes> tag;
    std::ranges::copy(sealed.last(tag_bytes), tag.begin());
    std::string text(body.size(), '\0');
    int length = 0, rest = 0;
    const std::scoped_lock lock(mutex_);
    begin(opening_.get(), sealed.subspan(1, nonce_bytes), subject);
    const bool whole = EVP_CipherUpdate(opening_.get(), octets(text.data()), &length, octets(body.data()),
                                        static_cast<int>(body.size())) == 1 &&
                       EVP_CIPHER_CTX_ctrl(opening_.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
                       EVP_CipherFinal_ex(opening_.get(), octets(text.data() + length), &rest) == 1;
    return whole ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace gateway
