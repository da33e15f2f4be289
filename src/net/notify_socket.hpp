#pragma once
// The service manager's ear (sd_notify(3)): a datagram socket whose address it puts into NOTIFY_SOCKET. A message is
// lines of NAME=value. The protocol is promised to be stable; libsystemd would add nothing here but its own libraries.

#include <string>
#include <string_view>

namespace net {

class NotifySocket {
public:
    // A path, or "@name" in the abstract namespace. Empty: nobody listens.
    explicit NotifySocket(std::string address) : address_(std::move(address)) {}

    // Whether it was handed over. Never waits: a service manager that does not listen must not hold up calls.
    bool tell(std::string_view lines) const;

private:
    std::string address_;
};

}  // namespace net
