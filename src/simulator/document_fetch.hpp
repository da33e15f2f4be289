#pragma once
// Asks a webhook for TwiML, as often as its URL says, and with Twilio's limits: 15 s, 64 kB, a content type that can be
// TwiML, well-formed XML.

#include "net/event_loop.hpp"
#include "net/http_client.hpp"
#include "simulator/connection_overrides.hpp"
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
    DocumentFetch(net::EventLoop& loop, net::HttpClient& client, net::OutgoingRequest request,
                  const ConnectionOverrides& overrides, bool plain_streams, Done done);
    unsigned asked_again() const { return asked_again_; }

private:
    void ask();
    void ended(std::expected<void, net::TransportError> result);
    std::chrono::milliseconds time_left() const;
    bool again(const std::expected<void, net::TransportError>& result) const;
    void on_head(const net::IncomingHead& head) override;
    void on_body(std::span<const char> bytes) override;
    void on_done(std::expected<void, net::TransportError> result) override;

    net::EventLoop& loop_;
    net::HttpClient& client_;
    net::OutgoingRequest request_;
    const ConnectionOverrides overrides_;
    const bool plain_streams_;
    const net::Instant began_;
    Done done_;
    unsigned asked_again_ = 0;
    int status_ = 0;
    std::string content_type_, body_;
    net::Timer silence_;
    std::unique_ptr<net::HttpClient::Transfer> transfer_;
};

// The judgement alone, without the network.
std::expected<Twiml, Notice> judge_document(int status, std::string_view content_type, std::string_view body,
                                            bool plain_streams);

}  // namespace simulator
