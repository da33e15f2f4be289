#include "wire/stream.hpp"

#include <array>
#include <sys/epoll.h>
#include <utility>

namespace bench {

namespace {

std::array<char, 256 * 1024> input;

}  // namespace

Stream::Stream(Loop& loop, Socket socket) : loop_(loop), socket_(std::move(socket)) {
    if (socket_.descriptor() >= 0) {
        loop_.watch(socket_.descriptor(), EPOLLIN, *this);
    } else {
        gone_ = true;
    }
}

void Stream::on_ready(std::uint32_t events) {
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) read();
    flush();
    settle();
}

void Stream::read() {
    std::size_t bytes = input.size();
    // OpenSSL may hold more than it gave; a plain socket is asked again by epoll.
    while (!gone_ && (socket_.tls() || bytes == input.size())) {
        const Io result = socket_.read(input, bytes);
        if (result == Io::gone) gone_ = true;
        if (result != Io::ok) return;
        on_bytes({input.data(), bytes});
    }
}

void Stream::send(std::string_view bytes) {
    if (gone_) return;
    std::size_t sent = 0;
    if (backlog_.empty() && socket_.write(bytes, sent) == Io::gone) gone_ = true;
    if (sent < bytes.size()) backlog_.append(bytes.substr(sent));
}

void Stream::flush() {
    while (!backlog_.empty() && !gone_) {
        std::size_t sent = 0;
        const Io result = socket_.write(backlog_, sent);
        if (result == Io::later) return;
        gone_ = result == Io::gone;
        backlog_.erase(0, sent);
    }
}

void Stream::settle() {
    if (gone_) {
        if (std::exchange(ended_, true)) return;
        on_gone();
        socket_.close();
        loop_.discard(*this);
        return;
    }
    const bool wanted = !backlog_.empty() && !socket_.write_waits_to_read();
    if (wanted == watching_writing_) return;
    watching_writing_ = wanted;
    loop_.watch_for(socket_.descriptor(), wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, *this);
}

}  // namespace bench
