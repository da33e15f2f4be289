#pragma once
// A TCP server on the loop under test that answers HTTP requests with whatever bytes the test's script says: whole
// answers, pieces, garbage, half an answer and a reset. It reads requests only as far as to know where they end.

#include "net/event_loop.hpp"
#include "tests/net/asio_guest.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <charconv>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

// Runs the loop until `done()`; false when that did not happen in time.
template <class Condition>
bool run_until(net::EventLoop& loop, Condition done, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = net::Clock::now() + limit;
    while (!done()) {
        if (net::Clock::now() >= end) return false;
        loop.turn(end);
    }
    return true;
}

inline std::string http_answer(std::string_view status, std::string_view content_type, std::string_view body) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(content_type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

inline std::string http_chunk(std::string_view bytes) {
    char size[17] = {};
    *std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr = '\0';
    return std::string(size) + "\r\n" + std::string(bytes) + "\r\n";
}

class LoopbackServer {
    using tcp = boost::asio::ip::tcp;

public:
    // One accepted connection. Kept by the server until it ends.
    class Peer {
    public:
        explicit Peer(tcp::socket socket) : socket_(std::move(socket)) {}

        void send(std::string bytes) {
            queue_.push_back(std::move(bytes));
            if (queue_.size() == 1) write_next();
        }
        void close_after_sending() {
            close_when_sent_ = true;
            if (queue_.empty()) socket_.close();
        }
        void reset() {
            socket_.set_option(boost::asio::socket_base::linger(true, 0));
            socket_.close();
        }

    private:
        friend class LoopbackServer;

        void write_next() {
            boost::asio::async_write(socket_, boost::asio::buffer(queue_.front()), [this](auto error, std::size_t) {
                if (error) return;
                queue_.pop_front();
                if (!queue_.empty()) return write_next();
                if (close_when_sent_) socket_.close();
            });
        }

        tcp::socket socket_;
        std::string unread_;
        char piece_[16 * 1024];
        std::deque<std::string> queue_;
        bool close_when_sent_ = false;
    };

    // Called with every whole request, its head and body as they came.
    using Script = std::function<void(Peer&, const std::string& request)>;

    LoopbackServer(net::EventLoop& loop, Script script)
        : guest_(loop),
          script_(std::move(script)),
          acceptor_(guest_.context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        accept();
    }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::string url(std::string_view path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
    }

    std::size_t accepted = 0;  // connections, ever
    std::size_t open = 0;      // connections that neither side has closed
    std::vector<std::string> requests;

private:
    void accept() {
        acceptor_.async_accept([this](auto error, tcp::socket socket) {
            if (error) return;
            ++accepted;
            ++open;
            socket.set_option(tcp::no_delay(true));
            read(*peers_.emplace_back(std::make_unique<Peer>(std::move(socket))));
            accept();
        });
    }

    void read(Peer& peer) {
        const auto done = [this, &peer](auto error, std::size_t size) {
            if (error) {
                --open;
                return;
            }
            peer.unread_.append(peer.piece_, size);
            while (const std::size_t whole = request_size(peer.unread_)) {
                requests.push_back(peer.unread_.substr(0, whole));
                peer.unread_.erase(0, whole);
                script_(peer, std::string(requests.back()));
            }
            read(peer);
        };
        peer.socket_.async_read_some(boost::asio::buffer(peer.piece_), done);
    }

    static std::size_t request_size(std::string_view text) {
        const auto head_end = text.find("\r\n\r\n");
        if (head_end == text.npos) return 0;
        std::size_t body = 0;
        constexpr std::string_view field = "Content-Length: ";
        if (const auto at = text.substr(0, head_end).find(field); at != text.npos) {
            std::from_chars(text.data() + at + field.size(), text.data() + head_end, body);
        }
        const std::size_t whole = head_end + 4 + body;
        return text.size() < whole ? 0 : whole;
    }

    AsioGuest guest_;
    Script script_;
    tcp::acceptor acceptor_;
    std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace test
