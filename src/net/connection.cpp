#include "net/connection.hpp"

#include "net/mishap.hpp"

#include <utility>

namespace net {

Connection::Connection(EventLoop& loop, ByteStream stream, Handler& handler)
    : loop_(loop), stream_(std::move(stream)), handler_(&handler), peer_(peer_address(stream_.descriptor())) {}

Connection::~Connection() {
    leave_loop();
}

bool Connection::start() {
    watched_ = EPOLLIN | EPOLLRDHUP;
    registered_ = loop_.poller().add(stream_.descriptor(), watched_, *this);
    input_left_ = stream_.holds_input();  // when it comes from another loop
    watch();
    return registered_;
}

void Connection::on_ready(std::uint32_t events) {
    if (guarded("connection", [&] { serve(events); }) || finished_) return;
    // Whatever was half done on it stays so: it goes, and its owner hears of that.
    abrupt_ = true;
    finish(CloseReason::failed);
}

void Connection::serve(std::uint32_t events) {
    constexpr std::uint32_t readable = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    const bool write_first = (events & EPOLLOUT) != 0;
    if (write_first) flush();
    const bool read_next = write_first && (stream_.read_waits_to_write() || (input_left_ && wants_input()));
    if (((events & readable) != 0 || read_next) && !finished_) read();
    if (!finished_ && stream_.write_waits_to_read()) flush();
    if (!finished_) watch();
}

void Connection::read_in_round() {
    if (reading_) on_ready(EPOLLIN);
}

void Connection::read() {
    // One read a wake-up: a busy peer does not starve the others, and level triggering brings us back for the rest.
    const std::span<char> buffer = loop_.read_buffer();
    IoResult result = stream_.read_some(buffer);
    std::size_t size = result.bytes;
    while (result.status == IoResult::Status::ok && stream_.holds_input() && size < buffer.size()) {
        result = stream_.read_some(buffer.subspan(size));
        size += result.bytes;
    }
    input_left_ = result.status == IoResult::Status::ok && stream_.holds_input();
    if (closing_) {
        drop(size);
    } else if (size > 0) {
        handler_->on_bytes(buffer.first(size));
    }
    if (finished_ || result.status == IoResult::Status::ok || result.status == IoResult::Status::would_block) return;
    if (closing_) return finish(CloseReason::closed_by_us);
    finish(result.status == IoResult::Status::closed ? CloseReason::peer_closed : CloseReason::peer_reset);
}

void Connection::drop(std::size_t bytes) {
    dropped_bytes_ += bytes;
    if (dropped_bytes_ > dropped_bytes_max) give_up(CloseReason::closed_by_us, Limit::farewell);
}

void Connection::send(std::string_view bytes) {
    if (finished_ || closing_ || bytes.empty()) return;
    const bool nothing_queued = queued_bytes() == 0;
    if (nothing_queued) {
        // TLS takes a record at a time.
        for (bool taken = true; taken && !bytes.empty();) {
            const IoResult result = stream_.write_some(bytes);
            // A broken socket also reports itself as readable, which is where it is dealt with: never inside a send.
            if (result.status == IoResult::Status::failed) return;
            bytes.remove_prefix(result.bytes);
            taken = result.bytes > 0;
        }
        if (bytes.empty()) return;
    }
    if (!nothing_queued && queued_bytes() + bytes.size() > queue_bytes_max) {
        overflowed_ = true;
        stream_.shut_down_writing();
        loop_.poller().modify(stream_.descriptor(), watched_ = EPOLLIN | EPOLLOUT, *this);
        return;
    }
    queue_.append(bytes);
    watch();
}

void Connection::flush() {
    if (overflowed_) return give_up(CloseReason::queue_full, Limit::send_queue);
    while (queued_bytes() > 0) {
        const IoResult result = stream_.write_some(std::string_view(queue_).substr(queue_sent_));
        if (result.status == IoResult::Status::failed) return finish(CloseReason::peer_reset);
        if (result.bytes == 0) return;
        queue_sent_ += result.bytes;
    }
    std::string().swap(queue_);  // gives the memory back: thousands of calls idle with nothing queued
    queue_sent_ = 0;
    if (closing_) stream_.shut_down_writing();
    watch();
}

void Connection::watch() {
    const bool reading = wants_input();
    const bool room_helps = (queued_bytes() > 0 && !stream_.write_waits_to_read()) || stream_.read_waits_to_write() ||
                            (input_left_ && reading);
    const std::uint32_t wanted = (reading ? std::uint32_t{EPOLLRDHUP} : 0u) |
                                 (reading && !at_leisure_ ? std::uint32_t{EPOLLIN} : 0u) |
                                 (room_helps ? std::uint32_t{EPOLLOUT} : 0u);
    if (wanted == watched_ || !registered_) return;
    watched_ = wanted;
    loop_.poller().modify(stream_.descriptor(), wanted, *this);
}

void Connection::close_after_sending() {
    if (finished_ || closing_) return;
    closing_ = true;
    read_at_leisure(false);
    linger_ = std::make_unique<Timer>(loop_.timers(), [this] { give_up(CloseReason::closed_by_us, Limit::farewell); });
    linger_->arm(loop_.now() + linger_max);
    if (queued_bytes() == 0) stream_.shut_down_writing();
    watch();
}

void Connection::reset() {
    if (finished_) return;
    finished_ = true;
    leave_loop();
    stream_.reset();
}

void Connection::pause_reading(bool paused) {
    reading_ = !paused;
    watch();
}

void Connection::read_at_leisure(bool leisurely) {
    if (leisurely == at_leisure_ || !registered_) return;
    at_leisure_ = leisurely;
    if (leisurely) {
        loop_.reading_round().join(*this, loop_.now());
    } else {
        loop_.reading_round().leave(*this);
    }
    watch();
}

void Connection::leave_loop() {
    read_at_leisure(false);
    if (std::exchange(registered_, false)) loop_.poller().remove(stream_.descriptor(), *this);
}

ByteStream Connection::release() {
    finished_ = true;
    leave_loop();
    return std::move(stream_);
}

void Connection::finish(CloseReason reason) {
    if (std::exchange(finished_, true)) return;
    leave_loop();
    if (abrupt_) {
        stream_.reset();
    } else {
        stream_.close();
    }
    handler_->on_closed(reason);
}

void Connection::give_up(CloseReason reason, Limit reached) {
    loop_.limits().reached(reached);
    abrupt_ = true;
    finish(reason);
}

namespace {

class Farewell final : public Connection::Handler {
public:
    explicit Farewell(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)), waits_(connection_->loop().waiting_room(), [this] {
              connection_->reset();
              end();
          }) {
        connection_->set_handler(*this);
        waits_.enter();
    }
    void on_bytes(std::span<char>) override {}
    void on_closed(CloseReason) override { end(); }

private:
    void end() {
        waits_.leave();
        connection_->loop().let_go(this);
    }

    std::unique_ptr<Connection> connection_;
    WaitingRoom::Guest waits_;
};

}  // namespace

void leave(std::unique_ptr<Connection> connection) {
    if (connection->finished()) return;
    connection->close_after_sending();
    EventLoop& loop = connection->loop();
    loop.keep(std::make_shared<Farewell>(std::move(connection)));
}

}  // namespace net
