#pragma once
// Drives one call over one WebSocket: feeds the session what arrives, performs what it decides, and ends with it. It
// begins on the loop that accepted the socket and, once `start` has told which call it is, lives on the loop where that
// call's speech is prepared.

#include "call/stream_session.hpp"
#include "gateway/call_recording.hpp"
#include "gateway/loop_services.hpp"
#include "net/http_server.hpp"
#include "net/websocket.hpp"
#include "speech/speech_source.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace gateway {

class MediaStream final : private net::WebSocket::Handler, private speech::Listener {
public:
    // A socket that has just been upgraded, for the client at that address.
    static void open(LoopServices& loop, net::Exchange::Upgraded upgraded, const std::string& client,
                     CallerKind caller);

    ~MediaStream();

    void shut_down();
    void lose();  // Twilio says that it has ended; our socket has not noticed

    LoopServices& loop() const { return loop_; }
    std::uint64_t connection_id() const { return connection_id_; }
    const call::StreamSession* session() const { return session_.get(); }  // null once the call has ended
    // Call control: `order` gets the session and the time, and what it brings about is done before this returns.
    template <class Order>
    auto steer(Order&& order) {
        auto result = order(*session_, loop_.events.now());
        drain();
        return result;
    }

private:
    // A stream between two loops: what the new loop needs to carry on.
    struct Luggage {
        std::unique_ptr<call::StreamSession> session;
        net::ByteStream stream;
        std::string unread;
        std::uint64_t connection_id = 0;
        Ticket ticket;
    };

    MediaStream(LoopServices& loop, std::unique_ptr<call::StreamSession> session, std::uint64_t connection_id,
                std::unique_ptr<net::Connection> connection);
    static void carry_on(LoopServices& loop, const std::shared_ptr<Luggage>& luggage);

    void on_text(std::string_view text) override;
    void on_binary(std::span<const char> bytes) override;
    void on_read_done() override { drain(); }
    void on_closed(std::uint16_t code, std::string_view reason) override;

    void on_audio(audio::Clip clip) override;
    void on_sentence_end(std::size_t text_end) override;
    void on_finished() override;
    void on_failed(speech::Failure failure) override;

    void drain();
    void perform_all();
    void perform(const call::Action& action);
    void note_gap();
    void send_media(const call::SendMedia& media);
    void send_mark(const call::SendMark& mark);
    void send_clear();
    void authorise(const twilio::Started& started);
    void admit(const twilio::Started& started, const SharedSpeech::Known& known);
    void share_rest();
    void begin(call::CallPlan plan);
    void start_speech(const speech::Request& request);
    void move_to(LoopServices& loop, Ticket ticket);
    void leave_directory(call::Outcome outcome);
    void end(call::Outcome outcome);
    void plan_next_deadline();

    LoopServices& loop_;
    std::unique_ptr<call::StreamSession> session_;
    const std::uint64_t connection_id_;
    net::WebSocket socket_;
    std::unique_ptr<speech::Utterance> utterance_;
    std::unique_ptr<CallRecording> recording_;  // null: the call is not recorded
    net::Timer deadline_;
    net::WaitingRoom::Guest unknown_;  // until `start` has told which call it is
    SharedStore::Command asked_;       // what other servers know of the call
    bool rest_shared_ = false;         // they know what is left of it
    std::uint32_t progress_noted_ = 0;
    std::uint32_t underruns_noted_ = 0;
    std::chrono::microseconds silence_noted_{};
    bool gone_ = false;      // the socket has closed
    bool draining_ = false;  // inside drain(): what performing an action brings about is drained there
};

}  // namespace gateway
