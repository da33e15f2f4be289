#include "load/server_watch.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <time.h>

namespace bench {

namespace {

double seconds_on(clockid_t clock) {
    timespec used{};
    ::clock_gettime(clock, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace

ServerWatch::ServerWatch(pid_t pid) : pid_(pid) {
    if (pid_ != 0 && ::clock_getcpuclockid(pid_, &clock_) != 0) throw std::runtime_error("no such server process");
}

double ServerWatch::cpu_seconds() const {
    return pid_ == 0 ? 0 : seconds_on(clock_);
}

std::uint64_t ServerWatch::resident_kb() const {
    std::ifstream status(fmt::format("/proc/{}/status", pid_));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
    return 0;
}

double own_cpu_seconds() {
    return seconds_on(CLOCK_PROCESS_CPUTIME_ID);
}

}  // namespace bench
