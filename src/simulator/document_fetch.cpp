#include "simulator/document_fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace simulator {

namespace {

// "Text/XML; charset=utf-8" is "text/xml".
std::string media_type(std::string_view content_type) {
    std::string type(content_type.substr(0, content_type.find(';')));
    std::erase(type, ' ');
    std::ranges::transform(type, type.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return type;
}

Notice transport_notice(const net::TransportError& error) {
    using Kind = net::TransportError::Kind;
    switch (error.kind) {
        case Kind::too_large:
            return {code::document_too_large, "the answer is larger than 64 kB"};
        case Kind::timeout:
        case Kind::connect:
            return {code::http_timeout, error.reason};
        default:
            return {code::http_retrieval, error.reason};
    }
}

}  // namespace

std::expected<Twiml, Notice> judge_document(int status, std::string_view content_type, std::string_view body,
                                            bool plain_streams) {
    if (status < 200 || status >= 300) {
        return std::unexpected(Notice{code::bad_http_status, fmt::format("the webhook answered with HTTP {}", status)});
    }
    const std::string type = media_type(content_type);
    constexpr std::array<std::string_view, 3> twiml_types{"text/xml", "application/xml", "text/html"};
    if (std::ranges::find(twiml_types, type) != twiml_types.end()) return read_twiml(body, plain_streams);
    if (type == "text/plain") {
        auto twiml = read_twiml(body, plain_streams);
        if (twiml) return twiml;
        return Twiml{{Say{std::string(body), {}, {}}, Hangup{}}, {}};  // read aloud as it is
    }
    if (type.starts_with("audio/")) return Twiml{{Play{}, Hangup{}}, {}};
    return std::unexpected(
        Notice{code::bad_content_type, fmt::format("content type \"{}\" is not TwiML", content_type)});
}

DocumentFetch::DocumentFetch(net::EventLoop& loop, net::HttpClient& client, net::OutgoingRequest request,
                             const ConnectionOverrides& overrides, bool plain_streams, Done done)
    : loop_(loop),
      client_(client),
      request_(std::move(request)),
      overrides_(overrides),
      plain_streams_(plain_streams),
      began_(loop.now()),
      done_(std::move(done)),
      silence_(loop.timers(), [this] {
          ended(std::unexpected(net::TransportError{net::TransportError::Kind::timeout, "the server is silent"}));
      }) {
    request_.body_bytes_max = twiml_bytes_max;
    request_.connect_timeout = overrides_.connect_max;
    ask();
}

void DocumentFetch::ask() {
    status_ = 0;
    content_type_.clear();
    body_.clear();
    request_.total_timeout = time_left();
    // From the request on: when it was connected we are not told.
    silence_.arm(loop_.now() + overrides_.read_max);
    transfer_ = client_.start(request_, *this);
}

std::chrono::milliseconds DocumentFetch::time_left() const {
    return std::chrono::floor<std::chrono::milliseconds>(overrides_.total_max - (loop_.now() - began_));
}

void DocumentFetch::on_head(const net::IncomingHead& head) {
    silence_.arm(loop_.now() + overrides_.read_max);
    status_ = head.status;
    content_type_ = head.header("content-type");
}

void DocumentFetch::on_body(std::span<const char> bytes) {
    silence_.arm(loop_.now() + overrides_.read_max);
    body_.append(bytes.data(), bytes.size());
}

void DocumentFetch::on_done(std::expected<void, net::TransportError> result) {
    ended(std::move(result));
}

// What has come in part is not asked for again.
bool DocumentFetch::again(const std::expected<void, net::TransportError>& result) const {
    if (asked_again_ >= overrides_.retries || time_left().count() <= 0) return false;
    return result ? overrides_.retry_status(status_) : status_ == 0 && overrides_.retry_failure(result.error().kind);
}

void DocumentFetch::ended(std::expected<void, net::TransportError> result) {
    silence_.disarm();
    transfer_.reset();
    if (again(result)) {
        ++asked_again_;
        request_.fresh_connection = true;
        return ask();
    }
    const Done done = std::move(done_);  // `this` may be gone after the call
    if (!result) return done(std::unexpected(transport_notice(result.error())));
    done(judge_document(status_, content_type_, body_, plain_streams_));
}

}  // namespace simulator
