#pragma once
// One whole call as Twilio makes it: asks the webhook, runs the TwiML, opens the Media Stream, follows action and
// redirect, and ends with a CallReport. Source of the order of events: twilio.com/docs/voice/twiml and captures of live
// calls.

#include "net/event_loop.hpp"
#include "net/http_client.hpp"
#include "simulator/caller.hpp"
#include "simulator/document_fetch.hpp"
#include "simulator/stream_leg.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace simulator {

struct CallPlan {
    Caller caller;
    WebAddress webhook;  // as Twilio would ask for it, and sign
    std::string webhook_method = "POST";
    bool answered = false;  // before the webhook is asked, as when the server places the call
    Route route;            // where it is really found
    std::optional<WebAddress> fallback, status_callback;
    encoding::FormFields more_parameters;  // of every request
    SignatureMode stream_signature = SignatureMode::good;
    Line::Options line;  // the identifiers are filled in
    Ear::Options ear;
    Patience patience;
    Trouble trouble;
    std::chrono::milliseconds stream_after{0};  // the webhook was asked; 0: at once
    // What Twilio does when a stream's socket breaks off is not documented: it asks the action of <Connect>, or:
    bool lost_stream_ends_call = false;
};

// What all calls of one loop share.
struct Exchange {
    net::EventLoop& loop;
    net::HttpClient& client;
    std::shared_ptr<const net::Tls> authorities;  // whom to believe on wss://; may be null when no stream is one
    FrameCheck& frames;
    std::mt19937_64& random;
};

class SimulatedCall {
public:
    // `done` is called once, last. It may destroy the call only through the loop's retire().
    SimulatedCall(Exchange exchange, CallPlan plan, std::function<void(CallReport)> done);
    void start();

private:
    void fetch(const WebAddress& url, std::string_view method, const encoding::FormFields& fields);
    void note_repetition();
    void fetched(std::expected<Twiml, Notice> document);
    void fall_back(const Notice& why);
    void run_steps();
    bool run(const Say& say);  // these return false when the next step has to wait, or when there is none
    bool run(const Play& play);
    bool run(const Pause& pause);
    bool run(const ConnectStream& connect);
    bool run(const Hangup&);
    bool run(const Reject&);
    bool run(const Redirect& redirect);
    bool run(const NotSimulated& verb);
    void open_stream();
    void stream_ended();
    void after_connect();
    encoding::FormFields parameters() const;
    void finish(Outcome outcome);
    void report_status();
    void hand_over();

    Exchange exchange_;
    CallPlan plan_;
    std::function<void(CallReport)> done_;
    CallReport report_;
    std::vector<Step> steps_;
    std::size_t next_step_ = 0, documents_ = 0;
    WebAddress document_;  // relative URLs are relative to it
    ConnectStream connect_;
    WebAddress stream_url_;
    Instant asked_{};
    bool answered_ = false, caller_gone_ = false, falling_back_ = false;
    net::Timer pause_, ring_;
    std::unique_ptr<DocumentFetch> fetch_;
    std::unique_ptr<StreamLeg> leg_;
};

}  // namespace simulator
