#pragma once
// Whether an address is somebody's on the public internet. What an operator or a name server may not lead us to: this
// machine, the network it stands in, the cloud's own addresses (169.254.169.254). Source: IANA's registries of
// special-purpose IPv4 and IPv6 addresses (RFC 6890).

#include "net/ip_address.hpp"

struct sockaddr;

namespace net {

bool is_public(const IpAddress& address);
bool is_public(const sockaddr& address);  // false for anything but IPv4 and IPv6

}  // namespace net
