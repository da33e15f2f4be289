#pragma once
// libcurl's multi interface on an EventLoop: its sockets in the loop's poller, its one timeout in the loop's wheel.
// Part of HttpClient.

#include "net/event_loop.hpp"
#include "net/http_client.hpp"

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace net {

class CurlTransfer;

class CurlMulti {
public:
    CurlMulti(EventLoop& loop, HttpClient::Options options);
    ~CurlMulti();
    CurlMulti(const CurlMulti&) = delete;
    CurlMulti& operator=(const CurlMulti&) = delete;

    EventLoop& loop() { return loop_; }

    std::unique_ptr<CurlTransfer> start(OutgoingRequest request, HttpClient::Listener& listener);
    // The transfer has something for its listener; it is told when curl has returned.
    void note(CurlTransfer& transfer);
    void expire(CurlTransfer& transfer);  // its total time is over
    void forget(CurlTransfer& transfer);  // cancels it

private:
    struct Socket;

    static int on_socket(CURL* easy, curl_socket_t socket, int wanted, void* self, void* socket_self);
    static int on_timeout(CURLM* multi, long timeout_ms, void* self);
    void watch(curl_socket_t socket, int wanted);
    void plan(long timeout_ms);
    void wake_soon();
    void act(curl_socket_t socket, int ready);
    void collect_finished();
    void hand_out();

    CURL* take_handle();
    void recycle(CurlTransfer& transfer);

    EventLoop& loop_;
    const HttpClient::Options options_;
    CURLM* multi_;
    CURLSH* sessions_;  // of TLS, so that a new connection to a known host resumes one
    Timer timeout_;
    std::unordered_map<curl_socket_t, std::unique_ptr<Socket>> sockets_;
    std::unordered_set<CurlTransfer*> transfers_;
    std::vector<CurlTransfer*> noted_;  // null: forgotten meanwhile
    std::vector<CURL*> idle_handles_;
    bool wake_posted_ = false;
    std::shared_ptr<CurlMulti*> self_;  // what was posted to the loop looks here whether we still are
};

}  // namespace net
