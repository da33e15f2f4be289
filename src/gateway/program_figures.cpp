#include "gateway/program_figures.hpp"

#include "call/metric_family.hpp"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace gateway {

namespace {

using std::chrono::microseconds;

// Of /proc/self/stat, see proc(5). Its second field is the program's name in brackets, which may hold anything.
struct Stat {
    std::uint64_t start_ticks = 0, virtual_bytes = 0, resident_pages = 0;
};

std::optional<Stat> read_stat() {
    std::ifstream file("/proc/self/stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    constexpr int first_field = 3, start_ticks = 22;  // virtual_bytes and resident_pages follow it
    std::string passed_over;
    for (int number = first_field; number < start_ticks; ++number) fields >> passed_over;
    Stat stat;
    if (!(fields >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages)) return std::nullopt;
    return stat;
}

microseconds clock_time(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::duration_cast<microseconds>(std::chrono::seconds(time.tv_sec) +
                                                    std::chrono::nanoseconds(time.tv_nsec));
}

microseconds start_time(const Stat& stat) {
    static const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    // Ticks since the machine started. Told once: the time of day may be set anew.
    static const microseconds machine_start = clock_time(CLOCK_REALTIME) - clock_time(CLOCK_BOOTTIME);
    return machine_start + microseconds(stat.start_ticks * 1'000'000 / ticks_per_second);
}

microseconds processor_time() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto exact = [](timeval time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    return exact(usage.ru_utime) + exact(usage.ru_stime);
}

std::uint64_t descriptors_max() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::uint64_t descriptors_open() {
    std::error_code error;
    std::filesystem::directory_iterator entry("/proc/self/fd", error);
    if (error) return descriptors_max();  // none left even to look
    std::uint64_t count = 0;
    for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) ++count;
    return count - 1;  // one is of the counting itself
}

}  // namespace

std::string_view program_version() {
    return MOUTHPIECE_VERSION;
}

std::string render_program() {
    static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    using call::MetricFamily;
    std::string text;
    MetricFamily(text, "mouthpiece_build_info", "gauge", "Always 1; the version is its label.")
        .sample(std::uint64_t{1}, {{"version", MOUTHPIECE_VERSION}});
    MetricFamily(text, "process_cpu_seconds_total", "counter", "Processor time used, user and system.")
        .sample(processor_time());
    MetricFamily(text, "process_open_fds", "gauge", "File descriptors open: a call needs one.")
        .sample(descriptors_open());
    MetricFamily(text, "process_max_fds", "gauge", "File descriptors that may be open.").sample(descriptors_max());
    const auto stat = read_stat();
    if (!stat) return text;  // out of descriptors: a gap is better than a zero
    MetricFamily(text, "process_resident_memory_bytes", "gauge", "Memory held.")
        .sample(stat->resident_pages * page_bytes);
    MetricFamily(text, "process_virtual_memory_bytes", "gauge", "Address space used.").sample(stat->virtual_bytes);
    MetricFamily(text, "process_start_time_seconds", "gauge", "When the program started, since 1970.")
        .sample(start_time(*stat));
    return text;
}

}  // namespace gateway
