#pragma once
// TLS for the sockets of ByteStream: OpenSSL directly on the descriptor, its buffers given back between records,
// because thousands of idle calls would otherwise hold 34 KB each. TLS 1.2 with forward secrecy and authenticated
// ciphers, and TLS 1.3; no compression, no renegotiation.

#include <chrono>
#include <expected>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace net {

class Tls {
public:
    struct FreeContext {
        void operator()(ssl_ctx_st* context) const;
    };
    struct FreeSession {
        void operator()(ssl_st* session) const;
    };
    using Session = std::unique_ptr<ssl_st, FreeSession>;

    // To connect: the peer's certificate must be valid and name the host. `ca_file` empty: the system's authorities.
    // Errors are sentences.
    static std::expected<std::shared_ptr<const Tls>, std::string> client(const std::string& ca_file = "");
    // To connect to whoever answers. For tests against a server whose certificate nobody vouches for.
    static std::expected<std::shared_ptr<const Tls>, std::string> trusting_client();
    // To accept, with a certificate chain and its key in PEM files. The key has no passphrase.
    static std::expected<std::shared_ptr<const Tls>, std::string> server(const std::string& certificate_file,
                                                                         const std::string& key_file);

    // A session on a connected socket; null when memory is short. The handshake happens with the first read or write.
    // A session lives on when its Tls is no more.
    Session connect(int socket, const std::string& host) const;
    Session accept(int socket) const;

    // When the first certificate of the server's chain expires.
    std::chrono::sys_seconds expires() const { return expires_; }
    // Whether somebody who knows this system's authorities believes the server's chain, and for this name (empty: any).
    // The error is the reason.
    std::expected<void, std::string> believed_for(const std::string& host) const;
    bool shows_the_same(const Tls& other) const;  // of two servers': the same chain

private:
    using Context = std::unique_ptr<ssl_ctx_st, FreeContext>;
    explicit Tls(Context context, std::chrono::sys_seconds expires = {})
        : context_(std::move(context)), expires_(expires) {}
    static std::expected<Context, std::string> client_context();

    Context context_;
    std::chrono::sys_seconds expires_;
};

}  // namespace net
