#include "net/http_client.hpp"

#include "net/curl_multi.hpp"
#include "net/curl_transfer.hpp"

#include <algorithm>
#include <utility>

namespace net {

std::string_view IncomingHead::header(std::string_view lower_case_name) const {
    const auto found =
        std::ranges::find(headers, lower_case_name, [](const auto& field) { return std::string_view(field.first); });
    return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

HttpClient::HttpClient(EventLoop& loop, Options options)
    : multi_(std::make_unique<CurlMulti>(loop, std::move(options))) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Transfer> HttpClient::start(OutgoingRequest request, Listener& listener) {
    return multi_->start(std::move(request), listener);
}

}  // namespace net
