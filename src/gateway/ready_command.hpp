#pragma once
// mouthpiece ready: whether the server that runs on this machine with these settings takes calls. For HEALTHCHECK of a
// container, for a load balancer's agent, for scripts that wait.

#include "gateway/options.hpp"

namespace gateway {

// The exit status: 0 when it does, else 1. Says so in one line.
int run_ready(const Options& options);

}  // namespace gateway
