#pragma once
// Asks a webhook for TwiML, with Twilio's limits: 15 s, 64 kB, a content type that can be TwiML, well-formed XML.

#include "net/http_client.hpp"
#include "simulator/notice.hpp"
#include "simulator/twiml_reader.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace simulator {

class DocumentFetch final : private net::HttpClient::Listener {
public:
    using Done = std::function<void(std::expected<Twiml, Notice>)>;

    // `done` is called once, from the loop, and may destroy the fetch.
    DocumentFetch(net::HttpClient& client, net::OutgoingRequest request, bool plain_streams, Done done);

private:
    void on_head(const net::IncomingHead& head) override;
    void on_body(std::span<const char> bytes) override;
    void on_done(std::expected<void, net::TransportError> result) override;

    bool plain_streams_;
    Done done_;
    int status_ = 0;
    std::string content_type_, body_;
    std::unique_ptr<net::HttpClient::Transfer> transfer_;
};

// The judgement alone, without the network.
std::expected<Twiml, Notice> judge_document(int status, std::string_view content_type, std::string_view body,
                                            bool plain_streams);

}  // namespace simulator
