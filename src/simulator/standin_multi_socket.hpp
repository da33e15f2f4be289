#pragma once
// multi-stream-input: up to five contexts on one socket, each created by the first message that names it, even by a
// keepalive.

#include "simulator/standin_socket.hpp"

#include <map>
#include <memory>
#include <string>

namespace simulator {

class StandinMultiSocket final : public StandinSocket {
public:
    using StandinSocket::StandinSocket;
    static constexpr std::size_t contexts_max = 5;

private:
    struct Entry {
        std::unique_ptr<StandinContext> context;
        std::string settings;  // of the message that created it, as text
    };

    void on_message(const Message& message) override;
    void finished(StandinContext& context) override;
    Entry* find_or_create(const std::string& id, const Message& message);

    std::map<std::string, Entry> contexts_;
    bool closing_ = false;
};

}  // namespace simulator
