#include "gateway/stream_pass.hpp"

#include "encoding/base64.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <charconv>
#include <memory>
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

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* octets(const void* bytes) {
    return static_cast<const unsigned char*>(bytes);
}
unsigned char* octets(void* bytes) {
    return static_cast<unsigned char*>(bytes);
}

// Ready for the text, and with `call_sid` authenticated. `sealing`: EVP's 1 or 0.
Cipher begin(std::span<const std::byte> key, std::span<const std::byte> nonce, std::string_view call_sid, int sealing) {
    Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int length = 0;
    if (!cipher ||
        EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, octets(key.data()), octets(nonce.data()),
                          sealing) != 1 ||
        EVP_CipherUpdate(cipher.get(), nullptr, &length, octets(call_sid.data()), static_cast<int>(call_sid.size())) !=
            1) {
        throw std::runtime_error("AES-256-GCM is not available");
    }
    return cipher;
}

std::vector<std::byte> seal(std::span<const std::byte> key, std::string_view call_sid, std::string_view text) {
    std::vector<std::byte> sealed(head_bytes + text.size() + seal_bytes);
    sealed[0] = pass_version;
    const std::span nonce(sealed.data() + 1, nonce_bytes);
    if (RAND_bytes(octets(nonce.data()), nonce_bytes) != 1) throw std::runtime_error("no random numbers");
    const Cipher cipher = begin(key, nonce, call_sid, 1);
    std::byte* const body = sealed.data() + head_bytes;
    int length = 0;
    if (EVP_CipherUpdate(cipher.get(), octets(body), &length, octets(text.data()), static_cast<int>(text.size())) !=
            1 ||
        EVP_CipherFinal_ex(cipher.get(), octets(body + length), &length) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, seal_bytes, body + text.size()) != 1) {
        throw std::runtime_error("sealing failed");
    }
    return sealed;
}

std::optional<std::string> unseal(std::span<const std::byte> key, std::string_view call_sid,
                                  std::span<std::byte> sealed) {
    if (sealed.size() < head_bytes + seal_bytes || sealed[0] != pass_version) return std::nullopt;
    const Cipher cipher = begin(key, sealed.subspan(1, nonce_bytes), call_sid, 0);
    const auto body = sealed.subspan(head_bytes, sealed.size() - head_bytes - seal_bytes);
    std::string text(body.size(), '\0');
    int length = 0, rest = 0;
    const bool whole =
        EVP_CipherUpdate(cipher.get(), octets(text.data()), &length, octets(body.data()),
                         static_cast<int>(body.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, seal_bytes, sealed.last(seal_bytes).data()) == 1 &&
        EVP_CipherFinal_ex(cipher.get(), octets(text.data() + length), &rest) == 1;
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
    key_.emplace();
    unsigned length = 0;
    if (HMAC(EVP_sha256(), secret.reveal().data(), static_cast<int>(secret.reveal().size()), octets(key_purpose.data()),
             key_purpose.size(), octets(key_->data()), &length) == nullptr ||
        length != key_->size()) {
        throw std::runtime_error("HMAC-SHA256 is not available");
    }
}

std::optional<Secret> StreamPasses::issue(std::string_view call_sid, const CallFacts& facts, Time now) const {
    if (!key_) return std::nullopt;
    std::string pass = encoding::to_base64(seal(*key_, call_sid, written(facts, seconds_of(now + life_))));
    if (pass.size() > pass_characters_max) return std::nullopt;
    return Secret(std::move(pass));
}

std::expected<CallFacts, StreamPasses::Fault> StreamPasses::open(std::string_view call_sid, std::string_view pass,
                                                                 Time now) const {
    if (!key_ || pass.size() > pass_characters_max) return std::unexpected(Fault::not_a_pass);
    auto sealed = encoding::from_base64(pass);
    // One spelling only: the bits that padding leaves over would make a used pass look like another one.
    if (!sealed || encoding::to_base64(*sealed) != pass) return std::unexpected(Fault::not_a_pass);
    const auto text = unseal(*key_, call_sid, *sealed);
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
