#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <ranges>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace net {

namespace {

// Of TLS 1.2 what Mozilla's "intermediate" list has and is not DHE; TLS 1.3 has nothing to choose from that is old.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

std::string last_error() {
    const auto code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    std::string text = reason != nullptr ? reason : fmt::format("error {:x}", code);
    ERR_clear_error();
    return text;
}

// Also what lets a queue's bytes move between two attempts to write them.
void set_modes(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, tls12_ciphers);
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);  // one system call for many small records, instead of two for each
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
}

// RFC 7301, 3.2: who offers protocols and not ours is told so, instead of hearing one it did not ask for.
int choose_http1(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                 unsigned int offered_bytes, void*) {
    constexpr std::string_view ours = "\x08http/1.1";
    unsigned char* selected = nullptr;
    const int found = SSL_select_next_proto(&selected, length, reinterpret_cast<const unsigned char*>(ours.data()),
                                            static_cast<unsigned int>(ours.size()), offered, offered_bytes);
    *chosen = selected;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Nobody is there to type a passphrase; without this OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

// Streams are long and webhooks few, so nothing is kept for sessions that may return; a ticket costs the server no
// memory, and one is enough for a client that returns.
void set_server_options(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_http1, nullptr);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

std::expected<void, std::string> load_pair(SSL_CTX* context, const std::string& certificate_file,
                                           const std::string& key_file) {
    for (const auto& [what, file] : {std::pair{"certificate", &certificate_file}, {"key", &key_file}}) {
        if (::access(file->c_str(), R_OK) == 0) continue;
        return std::unexpected(fmt::format("cannot read the {} '{}': {}", what, *file, std::strerror(errno)));
    }
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        return std::unexpected(
            fmt::format("cannot use '{}' as a certificate in PEM form: {}", certificate_file, last_error()));
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) == 1) return {};
    const auto error = ERR_peek_last_error();
    if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH) {
        ERR_clear_error();
        return std::unexpected(
            fmt::format("the key '{}' does not belong to the certificate '{}'", key_file, certificate_file));
    }
    return std::unexpected(
        fmt::format("cannot use '{}' as a key in PEM form without a passphrase: {}", key_file, last_error()));
}

std::chrono::sys_seconds expiry_of(X509* certificate) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

// The server's own first, then those that vouch for it.
std::vector<X509*> chain_of(SSL_CTX* context) {
    std::vector<X509*> chain{SSL_CTX_get0_certificate(context)};
    STACK_OF(X509)* others = nullptr;
    SSL_CTX_ctrl(context, SSL_CTRL_GET_CHAIN_CERTS, 0, static_cast<void*>(&others));
    for (int i = 0; i < sk_X509_num(others); ++i) chain.push_back(sk_X509_value(others, i));
    return chain;
}

}  // namespace

void Tls::FreeContext::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

void Tls::FreeSession::operator()(ssl_st* session) const {
    SSL_free(session);
}

std::expected<Tls::Context, std::string> Tls::client_context() {
    Context context(SSL_CTX_new(TLS_client_method()));
    if (!context) return std::unexpected(last_error());
    set_modes(context.get());
    return context;
}

std::expected<std::shared_ptr<const Tls>, std::string> Tls::client(const std::string& ca_file) {
    auto context = client_context();
    if (!context) return std::unexpected(context.error());
    SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
    const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context->get())
                                       : SSL_CTX_load_verify_file(context->get(), ca_file.c_str());
    if (loaded != 1) return std::unexpected(fmt::format("cannot load certificate authorities: {}", last_error()));
    return std::shared_ptr<const Tls>(new Tls(std::move(*context)));
}

std::expected<std::shared_ptr<const Tls>, std::string> Tls::trusting_client() {
    auto context = client_context();
    if (!context) return std::unexpected(context.error());
    return std::shared_ptr<const Tls>(new Tls(std::move(*context)));
}

std::expected<std::shared_ptr<const Tls>, std::string> Tls::server(const std::string& certificate_file,
                                                                   const std::string& key_file) {
    Context context(SSL_CTX_new(TLS_server_method()));
    if (!context) return std::unexpected(last_error());
    set_modes(context.get());
    set_server_options(context.get());
    if (auto loaded = load_pair(context.get(), certificate_file, key_file); !loaded) {
        return std::unexpected(std::move(loaded.error()));
    }
    const auto expires = std::ranges::min(chain_of(context.get()) | std::views::transform(expiry_of));
    return std::shared_ptr<const Tls>(new Tls(std::move(context), expires));
}

std::expected<void, std::string> Tls::believed_for(const std::string& host) const {
    const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> authorities(X509_STORE_new(), X509_STORE_free);
    const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                                X509_STORE_CTX_free);
    const auto chain = chain_of(context_.get());
    STACK_OF(X509)* others = nullptr;
    SSL_CTX_ctrl(context_.get(), SSL_CTRL_GET_CHAIN_CERTS, 0, static_cast<void*>(&others));
    if (!authorities || !check || X509_STORE_set_default_paths(authorities.get()) != 1 ||
        X509_STORE_CTX_init(check.get(), authorities.get(), chain.front(), others) != 1) {
        return std::unexpected(last_error());
    }
    X509_STORE_CTX_set_default(check.get(), "ssl_server");
    X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(check.get());
    if (!host.empty() && X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1)
        X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), 0);
    ERR_clear_error();
    if (X509_verify_cert(check.get()) == 1) return {};
    return std::unexpected(X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get())));
}

bool Tls::shows_the_same(const Tls& other) const {
    return std::ranges::equal(chain_of(context_.get()), chain_of(other.context_.get()),
                              [](const X509* ours, const X509* theirs) { return X509_cmp(ours, theirs) == 0; });
}

Tls::Session Tls::connect(int socket, const std::string& host) const {
    Session session(SSL_new(context_.get()));
    if (!session || SSL_set_fd(session.get(), socket) != 1 || SSL_set1_host(session.get(), host.c_str()) != 1)
        return {};
    SSL_set_tlsext_host_name(session.get(), host.c_str());
    SSL_set_connect_state(session.get());
    return session;
}

Tls::Session Tls::accept(int socket) const {
    Session session(SSL_new(context_.get()));
    if (!session || SSL_set_fd(session.get(), socket) != 1) return {};
    SSL_set_accept_state(session.get());
    return session;
}

}  // namespace net
