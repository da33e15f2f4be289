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

DocumentFetch::DocumentFetch(net::HttpClient& client, net::OutgoingRequest request, bool plain_streams, Done done)
    : plain_streams_(plain_streams), done_(std::move(done)) {
    request.body_bytes_max = twiml_bytes_max;
    transfer_ = client.start(std::move(request), *this);
}

void DocumentFetch::on_head(const net::IncomingHead& head) {
    status_ = head.status;
    content_type_ = head.header("content-type");
}

void DocumentFetch::on_body(std::span<const char> bytes) {
    body_.append(bytes.data(), bytes.size());
}

void DocumentFetch::on_done(std::expected<void, net::TransportError> result) {
    const Done done = std::move(done_);  // `this` may be gone after the call
    if (!result) return done(std::unexpected(transport_notice(result.error())));
    done(judge_document(status_, content_type_, body_, plain_streams_));
}

}  // namespace simulator
