#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace net {

namespace {

std::string last_error() {
    char text[256] = "unknown";
    if (const auto code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return text;
}

// Also what lets a queue's bytes move between two attempts to write them.
void set_modes(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
}

}  // namespace

void Tls::FreeContext::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

void Tls::FreeSession::operator()(ssl_st* session) const {
    SSL_free(session);
}

std::expected<std::shared_ptr<const Tls>, std::string> Tls::client(const std::string& ca_file) {
    Context context(SSL_CTX_new(TLS_client_method()));
    if (!context) return std::unexpected(last_error());
    set_modes(context.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                       : SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
    if (loaded != 1) return std::unexpected(fmt::format("cannot load certificate authorities: {}", last_error()));
    return std::shared_ptr<const Tls>(new Tls(std::move(context)));
}

std::expected<std::shared_ptr<const Tls>, std::string> Tls::server(const std::string& certificate_file,
                                                                   const std::string& key_file) {
    Context context(SSL_CTX_new(TLS_server_method()));
    if (!context) return std::unexpected(last_error());
    set_modes(context.get());
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
        return std::unexpected(fmt::format("cannot use the certificate '{}': {}", certificate_file, last_error()));
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return std::unexpected(fmt::format("cannot use the key '{}': {}", key_file, last_error()));
    }
    return std::shared_ptr<const Tls>(new Tls(std::move(context)));
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
