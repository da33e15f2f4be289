#pragma once
// An actor with a socket: reads into the thread's one buffer, writes at once and keeps what the kernel does not take.

#include "wire/loop.hpp"
#include "wire/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

class Stream : public Actor {
protected:
    Stream(Loop& loop, Socket socket);

    virtual void on_bytes(std::span<char> bytes) = 0;
    virtual void on_gone() {}  // the peer has closed, or drop() was called; the loop deletes the actor

    Loop& loop() { return loop_; }
    void send(std::string_view bytes);
    std::size_t unsent() const { return backlog_.size(); }
    void drop() { gone_ = true; }
    bool gone() const { return gone_; }
    // To be called when the actor has had its turn outside on_bytes(): begins to wait for room to write, or ends.
    void settle();

private:
    void on_ready(std::uint32_t events) final;
    void read();
    void flush();

    Loop& loop_;
    Socket socket_;
    std::string backlog_;
    bool watching_writing_ = false, gone_ = false, ended_ = false;
};

}  // namespace bench
