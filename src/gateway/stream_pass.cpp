#include "gateway/stream_pass.hpp"

#include "encoding/base64.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gateway {

namespace {

// version | nonce | what is sealed | authenticity
constexpr std::byte pass_version{1};
constexpr std::size_t nonce_bytes = 12, seal_bytes = 16, head_bytes = 1 + nonce_bytes;
// Twilio: name and value of a <Parameter> below 500 characters together.
constexpr std::size_t pass_characters_max = 490;
constexpr std::string_view key_purpose = "mouthpiece stream pass 1";
constexpr std::string_view own_prefix = "q.";  // of the names in the query

const unsigned char* octets(const void* bytes) {
    return static_cast<const unsigned char*>(bytes);
}
unsigned char* octets(void* bytes) {
    return static_cast<unsigned char*>(bytes);
}

// Ready for the text, and with `call_sid` authenticated.
void begin(EVP_CIPHER_CTX* cipher, std::span<const std::byte> nonce, std::string_view call_sid) {
    constexpr int as_before = -1;  // sealing or opening
    int length = 0;
    if (EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, octets(nonce.data()), as_before) != 1 ||
        EVP_CipherUpdate(cipher, nullptr, &length, octets(call_sid.data()), static_cast<int>(call_sid.size())) != 1) {
        throw std::runtime_error("AES-256-GCM is not available");
    }
}

std::vector<std::byte> seal(EVP_CIPHER_CTX* cipher, std::span<const std::byte> nonce, std::string_view call_sid,
                            std::string_view text) {
    std::vector<std::byte> sealed(head_bytes + text.size() + seal_bytes);
    sealed[0] = pass_version;
    std::ranges::copy(nonce, sealed.begin() + 1);
    begin(cipher, nonce, call_sid);
    std::byte* const body = sealed.data() + head_bytes;
    int length = 0;
    if (EVP_CipherUpdate(cipher, octets(body), &length, octets(text.data()), static_cast<int>(text.size())) != 1 ||
        EVP_CipherFinal_ex(cipher, octets(body + length), &length) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, seal_bytes, body + text.size()) != 1) {
        throw std::runtime_error("sealing failed");
    }
    return sealed;
}

std::optional<std::string> unseal(EVP_CIPHER_CTX* cipher, std::string_view call_sid, std::span<std::byte> sealed) {
    if (sealed.size() < head_bytes + seal_bytes || sealed[0] != pass_version) return std::nullopt;
    begin(cipher, sealed.subspan(1, nonce_bytes), call_sid);
    const auto body = sealed.subspan(head_bytes, sealed.size() - head_bytes - seal_bytes);
    std::string text(body.size(), '\0');
    int length = 0, rest = 0;
    const bool whole =
        EVP_CipherUpdate(cipher, octets(text.data()), &length, octets(body.data()), static_cast<int>(body.size())) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, seal_bytes, sealed.last(seal_bytes).data()) == 1 &&
        EVP_CipherFinal_ex(cipher, octets(text.data() + length), &rest) == 1;
    return whole ? std::optional(std::move(text)) : std::nullopt;
}

long long seconds_of(StreamPasses::Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string written(const CallFacts& facts, long long expires) {
    encoding::FormFields fields{{"e", fmt::to_string(expires)},
                                {"a", facts.account_sid},
                                {"d", facts.direction},
                                {"f", std::string(facts.from.reveal())},
                                {"t", std::string(facts.to.reveal())}};
    for (const auto& [name, value] : facts.query) fields.emplace_back(fmt::format("{}{}", own_prefix, name), value);
    return encoding::write_form(fields);
}

CallFacts facts_in(const encoding::FormFields& fields) {
    const auto field = [&](const char* name) { return std::string(encoding::find(fields, name).value_or("")); };
    CallFacts facts{.account_sid = field("a"),
                    .direction = field("d"),
                    .from = Secret(field("f")),
                    .to = Secret(field("t")),
                    .query = {}};
    for (const auto& [name, value] : fields) {
        if (name.starts_with(own_prefix)) facts.query.emplace_back(name.substr(own_prefix.size()), value);
    }
    return facts;
}

}  // namespace

// HMAC-SHA256 as the one step of a key derivation: the secret has entropy enough, and the key is for nothing else.
StreamPasses::StreamPasses(const Secret& secret, std::chrono::seconds life) : life_(life) {
    if (secret.empty()) return;
    std::array<std::byte, 32> key;
    unsigned length = 0;
    if (HMAC(EVP_sha256(), secret.reveal().data(), static_cast<int>(secret.reveal().size()), octets(key_purpose.data()),
             key_purpose.size(), octets(key.data()), &length) == nullptr ||
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

void StreamPasses::Free::operator()(evp_cipher_ctx_st* cipher) const {
    EVP_CIPHER_CTX_free(cipher);
}

// Never the same twice: a counter behind a random beginning, which no two servers share (NIST SP 800-38D, 8.2.1).
StreamPasses::Nonce StreamPasses::next_nonce() {
    if (++issued_ == 0) ++nonce_prefix_;
    Nonce nonce;
    std::memcpy(nonce.data(), &nonce_prefix_, sizeof nonce_prefix_);
    std::memcpy(nonce.data() + sizeof nonce_prefix_, &issued_, sizeof issued_);
    return nonce;
}

std::optional<Secret> StreamPasses::issue(std::string_view call_sid, const CallFacts& facts, Time now) {
    if (!sealing_) return std::nullopt;
    const std::string text = written(facts, seconds_of(now + life_));
    std::unique_lock lock(mutex_);
    std::string pass = encoding::to_base64(seal(sealing_.get(), next_nonce(), call_sid, text));
    lock.unlock();
    if (pass.size() > pass_characters_max) return std::nullopt;
    return Secret(std::move(pass));
}

std::expected<CallFacts, StreamPasses::Fault> StreamPasses::open(std::string_view call_sid, std::string_view pass,
                                                                 Time now) {
    if (!opening_ || pass.size() > pass_characters_max) return std::unexpected(Fault::not_a_pass);
    auto sealed = encoding::from_base64(pass);
    // One spelling only: the bits that padding leaves over would make a used pass look like another one.
    if (!sealed || encoding::to_base64(*sealed) != pass) return std::unexpected(Fault::not_a_pass);
    std::unique_lock lock(mutex_);
    const auto text = unseal(opening_.get(), call_sid, *sealed);
    lock.unlock();
    if (!text) return std::unexpected(Fault::not_a_pass);
    // Authentic: written by one of us.
    const auto fields = encoding::parse_form(*text).value_or(encoding::FormFields{});
    const auto expires = encoding::find(fields, "e").value_or("");
    long long until = 0;
    std::from_chars(expires.data(), expires.data() + expires.size(), until);
    if (seconds_of(now) >= until) return std::unexpected(Fault::expired);
    return facts_in(fields);
}

}  // namespace gateway
