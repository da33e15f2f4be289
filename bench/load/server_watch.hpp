#pragma once
// What the server under test has used so far, from outside: works for any program.

#include <cstdint>
#include <sys/types.h>

namespace bench {

class ServerWatch {
public:
    explicit ServerWatch(pid_t pid);  // 0: nothing to watch
    double cpu_seconds() const;       // of all its threads, to the nanosecond
    std::uint64_t resident_kb() const;

private:
    pid_t pid_;
    clockid_t clock_{};
};

double own_cpu_seconds();

}  // namespace bench
