#pragma once
// One request on one of libcurl's easy handles: how it is set up, what curl reports of the answer, and how that is
// handed to the listener. Part of HttpClient.
//
// Inside curl's callbacks nothing but noting happens. The listener hears of it after curl has returned, so it may start
// and cancel transfers as it likes, which curl would not allow from within.

#include "net/http_client.hpp"

#include <curl/curl.h>

#include <optional>

namespace net {

class CurlMulti;

class CurlTransfer final : public HttpClient::Transfer {
public:
    CurlTransfer(CurlMulti& multi, OutgoingRequest request, HttpClient::Listener& listener);
    ~CurlTransfer() override;

    // Sets all options of a fresh or reset handle. False when the request cannot be expressed.
    bool prepare(CURL* easy, const HttpClient::Options& options, CURLSH* sessions);
    bool enter(CURLM* multi);  // from here on curl works on it, and its total time runs

    // Takes the handle away, and with it everything curl might still report.
    CURL* release_handle();
    void finish(std::expected<void, TransportError> result);
    // What curl's verdict means to us.
    std::expected<void, TransportError> verdict(CURLcode code) const;

    // Tells the listener what has been noted, in order. `this` may be gone afterwards.
    void hand_out();
    void detach();  // the client is gone: never anything again

private:
    static curl_socket_t open_public_socket(void*, curlsocktype, curl_sockaddr* address);
    static std::size_t on_header_line(char* line, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body_bytes(char* bytes, std::size_t size, std::size_t count, void* self);
    bool set_headers();
    void set_method();
    void read_head();

    CurlMulti* multi_;
    const OutgoingRequest request_;
    HttpClient::Listener& listener_;
    Timer deadline_;

    CURL* easy_ = nullptr;
    curl_slist* header_lines_ = nullptr;
    char error_text_[CURL_ERROR_SIZE] = {};

    IncomingHead head_;
    bool head_complete_ = false, head_handed_out_ = false;
    std::vector<char> body_;  // arrived, not yet handed out
    std::size_t body_bytes_ = 0;
    bool too_large_ = false;
    std::optional<std::expected<void, TransportError>> result_;
    bool* gone_ = nullptr;  // set while the listener is called
};

}  // namespace net
