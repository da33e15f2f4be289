#include "gateway/certificate.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace gateway {

Certificate::Certificate(Files files) : files_(std::move(files)) {
    auto loaded = net::Tls::server(files_.chain, files_.key);
    if (!loaded) throw std::runtime_error(fmt::format("TLS: {}.", loaded.error()));
    use(std::move(*loaded));
}

void Certificate::use(std::shared_ptr<const net::Tls> tls) {
    tls_ = std::move(tls);
    expires_ = tls_->expires().time_since_epoch().count();
}

void Certificate::watch(net::EventLoop& loop, OnChange on_change) {
    on_change_ = std::move(on_change);
    chain_watch_ = std::make_unique<FileWatch>(loop, files_.chain, [this] { read_again(); });
    key_watch_ = std::make_unique<FileWatch>(loop, files_.key, [this] { read_again(); });
}

// Both files change when one is renewed, and each is told of: what is no news is not reported.
void Certificate::read_again() {
    auto loaded = net::Tls::server(files_.chain, files_.key);
    if (!loaded) {
        if (std::exchange(complaint_, loaded.error()) == loaded.error()) return;
        ++refused_;
        return spdlog::error("certificate refused reason={:?}", loaded.error());
    }
    const bool complained = !std::exchange(complaint_, {}).empty();
    if ((*loaded)->shows_the_same(*tls_)) {
        if (complained) spdlog::info("certificate restored");
        return;
    }
    use(std::move(*loaded));
    ++renewed_;
    spdlog::info("certificate renewed expires={:%Y-%m-%dT%H:%M:%SZ}", expires());
    if (on_change_) on_change_(tls_);
}

}  // namespace gateway
