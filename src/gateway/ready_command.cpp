#include "gateway/ready_command.hpp"

#include "gateway/doctor_fetch.hpp"
#include "gateway/doctor_machine.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace gateway {

int run_ready(const Options& options) {
    net::EventLoop loop;
    Fetcher fetcher(loop, without_names);
    const std::string url = local_url(options) + "/ready";
    const auto answer = fetcher.get(url);
    if (!answer) {
        fmt::print(stderr, "not ready: {}: {}\n", url, describe(answer.error()));
        return 1;
    }
    if (answer->head.status != 200) {
        fmt::print(stderr, "not ready: {} answers {}\n", url, answer->head.status);
        return 1;
    }
    fmt::print("ready\n");
    return 0;
}

}  // namespace gateway
