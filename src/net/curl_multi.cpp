#include "net/curl_multi.hpp"

#include "net/curl_transfer.hpp"

#include <algorithm>
#include <stdexcept>
#include <sys/epoll.h>
#include <utility>

namespace net {

namespace {

constexpr std::size_t idle_handles_max = 64;  // about 10 KB each

void initialize_curl_once() {
    static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK) throw std::runtime_error("libcurl could not be initialized");
}

std::uint32_t epoll_events(int wanted) {
    return ((wanted & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((wanted & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
}

// Errors and hang-ups alone give 0: curl then looks for itself, and still reads what came before the end.
int curl_ready(std::uint32_t events) {
    return ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) | ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
}

}  // namespace

struct CurlMulti::Socket final : Pollable {
    Socket(CurlMulti& owner, curl_socket_t its_descriptor) : multi(owner), descriptor(its_descriptor) {}
    void on_ready(std::uint32_t events) override { multi.act(descriptor, curl_ready(events)); }  // may destroy `this`

    CurlMulti& multi;
    const curl_socket_t descriptor;
};

CurlMulti::CurlMulti(EventLoop& loop, HttpClient::Options options)
    : loop_(loop),
      options_(std::move(options)),
      multi_((initialize_curl_once(), curl_multi_init())),
      sessions_(curl_share_init()),
      timeout_(loop.timers(), [this] { act(CURL_SOCKET_TIMEOUT, 0); }),
      self_(std::make_shared<CurlMulti*>(this)) {
    if (multi_ == nullptr || sessions_ == nullptr) throw std::runtime_error("libcurl could not be initialized");
    curl_share_setopt(sessions_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    const long connections_max = static_cast<long>(options_.connections_per_host_max);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, connections_max);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, connections_max);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlMulti::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlMulti::on_timeout);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlMulti::~CurlMulti() {
    for (CurlTransfer* transfer : transfers_) {
        recycle(*transfer);
        transfer->detach();
    }
    for (CURL* easy : idle_handles_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);  // closes the pooled connections, which takes their sockets out of the poller
    curl_share_cleanup(sessions_);
}

std::unique_ptr<CurlTransfer> CurlMulti::start(OutgoingRequest request, HttpClient::Listener& listener) {
    auto transfer = std::make_unique<CurlTransfer>(*this, std::move(request), listener);
    transfers_.insert(transfer.get());
    if (transfer->prepare(take_handle(), options_, sessions_) && transfer->enter(multi_)) return transfer;
    recycle(*transfer);
    transfer->finish(std::unexpected(TransportError{TransportError::Kind::other, "request cannot be sent"}));
    wake_soon();
    return transfer;
}

void CurlMulti::note(CurlTransfer& transfer) {
    if (std::ranges::find(noted_, &transfer) == noted_.end()) noted_.push_back(&transfer);
}

void CurlMulti::expire(CurlTransfer& transfer) {
    recycle(transfer);
    transfer.finish(std::unexpected(TransportError{TransportError::Kind::timeout, "total timeout"}));
    hand_out();
}

void CurlMulti::forget(CurlTransfer& transfer) {
    recycle(transfer);
    transfers_.erase(&transfer);
    std::ranges::replace(noted_, &transfer, nullptr);
}

int CurlMulti::on_socket(CURL*, curl_socket_t socket, int wanted, void* self, void*) {
    static_cast<CurlMulti*>(self)->watch(socket, wanted);
    return 0;
}

void CurlMulti::watch(curl_socket_t socket, int wanted) {
    const auto known = sockets_.find(socket);
    if (wanted == CURL_POLL_REMOVE) {
        if (known == sockets_.end()) return;
        loop_.poller().remove(socket, *known->second);
        sockets_.erase(known);
    } else if (known != sockets_.end()) {
        loop_.poller().modify(socket, epoll_events(wanted), *known->second);
    } else {
        auto added = std::make_unique<Socket>(*this, socket);
        // When the kernel refuses, the transfer ends by its timeout.
        if (loop_.poller().add(socket, epoll_events(wanted), *added)) sockets_.emplace(socket, std::move(added));
    }
}

int CurlMulti::on_timeout(CURLM*, long timeout_ms, void* self) {
    static_cast<CurlMulti*>(self)->plan(timeout_ms);
    return 0;
}

void CurlMulti::plan(long timeout_ms) {
    timeout_.disarm();
    if (timeout_ms == 0) wake_soon();  // without the wheel's tick of delay: every new request passes here
    if (timeout_ms > 0) timeout_.arm(loop_.now() + std::chrono::milliseconds(timeout_ms));
}

void CurlMulti::wake_soon() {
    if (std::exchange(wake_posted_, true)) return;
    loop_.post([self = std::weak_ptr(self_)] {
        const auto multi = self.lock();
        if (!multi) return;
        (*multi)->wake_posted_ = false;
        (*multi)->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void CurlMulti::act(curl_socket_t socket, int ready) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, ready, &running);
    collect_finished();
    hand_out();
}

void CurlMulti::collect_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        CurlTransfer* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        auto result = transfer->verdict(code);
        recycle(*transfer);
        transfer->finish(std::move(result));
    }
}

void CurlMulti::hand_out() {
    // By index: a listener may start and forget transfers, its own included.
    for (std::size_t i = 0; i < noted_.size(); ++i) {
        if (CurlTransfer* transfer = std::exchange(noted_[i], nullptr)) transfer->hand_out();
    }
    noted_.clear();
}

CURL* CurlMulti::take_handle() {
    if (idle_handles_.empty()) return curl_easy_init();
    CURL* easy = idle_handles_.back();
    idle_handles_.pop_back();
    return easy;
}

void CurlMulti::recycle(CurlTransfer& transfer) {
    CURL* easy = transfer.release_handle();
    if (easy == nullptr) return;
    curl_multi_remove_handle(multi_, easy);
    if (idle_handles_.size() == idle_handles_max) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    idle_handles_.push_back(easy);
}

}  // namespace net
