#pragma once
// One TCP connection on one loop: reads into the loop's buffer, writes at once and queues what the kernel does not
// take, up to a bound. Whoever speaks the protocol is its Handler.

#include "net/byte_stream.hpp"
#include "net/event_loop.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace net {

enum class CloseReason {
    peer_closed,  // orderly end
    peer_reset,   // reset, or another socket error
    queue_full,   // the peer reads too slowly
    closed_by_us,
    failed,  // an exception came out of the handler
};

class Connection final : private Pollable, private ReadingRound::Member {
public:
    class Handler {
    public:
        // New bytes, valid and writable during the call. The handler may destroy the connection (through the loop's
        // retire()).
        virtual void on_bytes(std::span<char> bytes) = 0;
        // Called once, when the connection is no more; not after close() by the handler itself has completed.
        virtual void on_closed(CloseReason reason) = 0;

    protected:
        ~Handler() = default;
    };

    // What may wait for a peer that reads too slowly; one message is taken whole, however large its maker made it.
    static constexpr std::size_t queue_bytes_max = 1 << 20;

    Connection(EventLoop& loop, ByteStream stream, Handler& handler);
    ~Connection();

    // Registers with the loop. False when the kernel refuses.
    bool start();
    void set_handler(Handler& handler) { handler_ = &handler; }

    void send(std::string_view bytes);
    // Sends what is queued, then closes; after `linger_max` in any case. Bytes that arrive meanwhile are dropped, up to
    // `dropped_bytes_max`: closing at once would take our last words away from a peer that is still sending.
    void close_after_sending();
    void reset();
    // Stops and starts listening for the peer's bytes (back-pressure, or a test's slow reader).
    void pause_reading(bool paused);
    // For a peer whose bytes nobody waits for: they are read once a round. The end of the connection is still noticed
    // at once, with whatever came before it.
    void read_at_leisure(bool leisurely);

    // Takes the socket out of the loop, to carry on elsewhere. Nothing may be queued.
    ByteStream release();

    std::size_t queued_bytes() const { return queue_.size() - queue_sent_; }
    bool closing() const { return closing_; }
    bool finished() const { return finished_; }  // the socket is gone
    EventLoop& loop() { return loop_; }
    const std::string& peer() const { return peer_; }
    void proven() { stream_.proven(); }  // see SocketCensus

private:
    void on_ready(std::uint32_t events) override;
    void serve(std::uint32_t events);
    void read_in_round() override;
    void read();
    void drop(std::size_t bytes);
    void flush();
    bool wants_input() const { return reading_ || closing_; }
    void watch();
    void finish(CloseReason reason);
    void leave_loop();
    void give_up(CloseReason reason, Limit reached);  // with a TCP reset

    static constexpr std::chrono::seconds linger_max{5};
    static constexpr std::size_t dropped_bytes_max = 2 * 1024 * 1024;  // who sends a megabyte still hears why not

    EventLoop& loop_;
    ByteStream stream_;
    Handler* handler_;
    std::string peer_;
    std::string queue_;
    std::size_t queue_sent_ = 0, dropped_bytes_ = 0;
    std::uint32_t watched_ = 0;
    bool reading_ = true, at_leisure_ = false, closing_ = false, finished_ = false, registered_ = false,
         overflowed_ = false, abrupt_ = false;
    bool input_left_ = false;  // in the stream, where the poller does not see it
    std::unique_ptr<Timer> linger_;
};

// Lets a connection whose owner goes away finish close_after_sending() on its own; the loop owns it until then.
void leave(std::unique_ptr<Connection> connection);

}  // namespace net
