#pragma once
// The certificate the server shows, from two files that somebody renews while calls go on. A pair that cannot be used
// is reported once, and the one before it stays in use.

#include "gateway/file_watch.hpp"
#include "net/event_loop.hpp"
#include "net/tls.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace gateway {

class Certificate {
public:
    struct Files {
        std::string chain, key;
    };

    // Reads the files; throws a sentence when they are not a pair.
    explicit Certificate(Files files);

    // The pair in use. For the thread that renews.
    const std::shared_ptr<const net::Tls>& tls() const { return tls_; }

    // From now on looks at the files on `loop` and tells `on_change` about another pair that works.
    using OnChange = std::function<void(const std::shared_ptr<const net::Tls>&)>;
    void watch(net::EventLoop& loop, OnChange on_change);
    void read_again();  // on that loop: now

    // For the metrics, from any thread.
    std::chrono::sys_seconds expires() const { return std::chrono::sys_seconds(std::chrono::seconds(expires_)); }
    std::uint64_t renewed() const { return renewed_; }
    std::uint64_t refused() const { return refused_; }

private:
    void use(std::shared_ptr<const net::Tls> tls);

    const Files files_;
    std::shared_ptr<const net::Tls> tls_;
    std::string complaint_;  // about the files as they are
    std::atomic<std::int64_t> expires_ = 0;
    std::atomic<std::uint64_t> renewed_ = 0, refused_ = 0;
    OnChange on_change_;
    std::unique_ptr<FileWatch> chain_watch_, key_watch_;
};

}  // namespace gateway
