#include "net/curl_transfer.hpp"

#include "net/curl_multi.hpp"
#include "net/public_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace net {

namespace {

bool has_line_break(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

TransportError::Kind kind_of(CURLcode code) {
    using enum TransportError::Kind;
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return resolve;
        case CURLE_COULDNT_CONNECT:
        case CURLE_PROXY:
            return connect;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_SSL_ISSUER_ERROR:
            return tls;
        case CURLE_OPERATION_TIMEDOUT:
            return timeout;
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
            return cut_off;
        default:
            return other;
    }
}

}  // namespace

CurlTransfer::CurlTransfer(CurlMulti& multi, OutgoingRequest request, HttpClient::Listener& listener)
    : multi_(&multi),
      request_(std::move(request)),
      listener_(listener),
      deadline_(multi.loop().timers(), [this] { multi_->expire(*this); }) {}

CurlTransfer::~CurlTransfer() {
    if (gone_ != nullptr) *gone_ = true;
    if (multi_ != nullptr) multi_->forget(*this);
    curl_slist_free_all(header_lines_);
}

bool CurlTransfer::prepare(CURL* easy, const HttpClient::Options& options, CURLSH* sessions) {
    easy_ = easy;
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
    curl_easy_setopt(easy_, CURLOPT_SHARE, sessions);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    // A name server that does not answer must not hold up the loop when the transfer is cancelled: curl would wait for
    // its resolver thread.
    curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);

    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));

    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);

    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, options.verify_peer ? 1L : 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, options.verify_peer ? 2L : 0L);
    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // With a directory of certificates configured, as Debian does, curl loads the whole store for every connection:
    // some 20 ms of the loop's time. With a file alone it keeps what it has loaded.
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
    if (!options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());

    if (options.public_addresses_only) {
        curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::open_public_socket);
        curl_easy_setopt(easy_, CURLOPT_NOPROXY, "*");
    }

    curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header_line);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body_bytes);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    set_method();
    return set_headers();
}

// Asked with the very address that curl is about to connect to.
curl_socket_t CurlTransfer::open_public_socket(void*, curlsocktype, curl_sockaddr* address) {
    if (!is_public(address->addr)) return CURL_SOCKET_BAD;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void CurlTransfer::set_method() {
    if (request_.method == "GET" && request_.body.empty()) {
        curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
        return;
    }
    if (request_.method == "HEAD") {
        curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
        return;
    }
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS,
                     request_.body.data());  // not copied: request_ lives as long as the handle is ours
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    if (request_.method != "POST") curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

bool CurlTransfer::set_headers() {
    // Without this curl asks for "100 Continue" before larger bodies, and waits up to a second for it.
    header_lines_ = curl_slist_append(nullptr, "Expect:");
    for (const auto& [name, value] : request_.headers) {
        if (name.empty() || has_line_break(name) || has_line_break(value)) return false;
        // curl's notation for a header that is to be sent although it is empty.
        const std::string line = value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value);
        header_lines_ = curl_slist_append(header_lines_, line.c_str());
    }
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_lines_);
    return !has_line_break(request_.method);
}

bool CurlTransfer::enter(CURLM* multi) {
    deadline_.arm(multi_->loop().now() + request_.total_timeout);
    return curl_multi_add_handle(multi, easy_) == CURLM_OK;
}

void CurlTransfer::detach() {
    deadline_.disarm();
    multi_ = nullptr;
}

std::size_t CurlTransfer::on_header_line(char* line, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const std::string_view text(line, size * count);
    // Lines after the head are trailers of a chunked body, of no use to anybody here.
    if (!transfer.head_complete_ && (text == "\r\n" || text == "\n")) transfer.read_head();
    return text.size();
}

void CurlTransfer::read_head() {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) return;  // interim; the final one follows
    head_.status = static_cast<int>(status);
    for (curl_header* field = nullptr; (field = curl_easy_nextheader(easy_, CURLH_HEADER, -1, field)) != nullptr;) {
        head_.headers.emplace_back(lower_case(field->name), field->value);
    }
    head_complete_ = true;
    multi_->note(*this);
}

std::size_t CurlTransfer::on_body_bytes(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const std::size_t arrived = size * count;
    if (arrived > transfer.request_.body_bytes_max - transfer.body_bytes_) {
        transfer.too_large_ = true;
        return CURL_WRITEFUNC_ERROR;
    }
    transfer.body_bytes_ += arrived;
    transfer.body_.insert(transfer.body_.end(), bytes, bytes + arrived);
    transfer.multi_->note(transfer);
    return arrived;
}

CURL* CurlTransfer::release_handle() {
    return std::exchange(easy_, nullptr);
}

std::expected<void, TransportError> CurlTransfer::verdict(CURLcode code) const {
    using enum TransportError::Kind;
    if (too_large_) return std::unexpected(TransportError{too_large, "answer larger than allowed"});
    if (code == CURLE_OK) {
        if (head_complete_) return {};
        return std::unexpected(TransportError{cut_off, "connection closed within the answer's head"});
    }
    // Requests time out by our own clock; of curl's, only the one for connecting is set.
    const std::string_view text = code == CURLE_OPERATION_TIMEDOUT ? "connect timeout" : error_text_;
    return std::unexpected(TransportError{kind_of(code), std::string(text.empty() ? curl_easy_strerror(code) : text)});
}

void CurlTransfer::finish(std::expected<void, TransportError> result) {
    deadline_.disarm();
    result_ = std::move(result);
    multi_->note(*this);
}

void CurlTransfer::hand_out() {
    bool gone = false;
    gone_ = &gone;
    if (head_complete_ && !std::exchange(head_handed_out_, true)) {
        listener_.on_head(head_);
        if (gone) return;
    }
    if (!body_.empty()) {
        std::vector<char> body = std::move(body_);
        listener_.on_body(body);
        if (gone) return;
        body.clear();
        body_ = std::move(body);  // for its capacity
    }
    if (auto result = std::exchange(result_, std::nullopt)) {
        listener_.on_done(*std::move(result));
        if (gone) return;
    }
    gone_ = nullptr;
}

}  // namespace net
