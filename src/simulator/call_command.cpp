#include "simulator/call_command.hpp"

#include "audio/wav.hpp"
#include "simulator/call_options.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unordered_map>

namespace simulator {

namespace {

// A call needs a socket or two; the usual limit of 1024 is for programs that have few.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Whom to believe on wss://.
std::shared_ptr<const net::Tls> authorities(const CallOptions& options) {
    if (options.plan.route.plain_streams()) return nullptr;
    auto tls = options.insecure ? net::Tls::trusting_client() : net::Tls::client(options.ca_file);
    if (!tls) throw std::runtime_error(tls.error());
    return std::move(*tls);
}

// Stands for the number of the call, so that each may be given words of its own.
constexpr std::string_view number_place = "{n}";

void number_in(std::string& target, std::size_t number) {
    const std::string digits = std::to_string(number + 1);
    for (auto at = target.find(number_place); at != std::string::npos;
         at = target.find(number_place, at + digits.size())) {
        target.replace(at, number_place.size(), digits);
    }
}

// Begins the calls at their times and ends the loop after the last of them.
class Callers {
public:
    explicit Callers(const CallOptions& options)
        : options_(options),
          client_(loop_, {.connections_per_host_max = 256,
                          .user_agent = "TwilioProxy/1.1",
                          .ca_file = options.ca_file,
                          .verify_peer = !options.insecure}),
          authorities_(authorities(options)),
          next_(loop_.timers(), [this] { begin_due(); }) {}

    int run() {
        if (!options_.json && options_.calls == 1) fmt::print("calling {} …\n", options_.plan.webhook.text());
        std::fflush(stdout);
        begun_at_ = loop_.now();
        loop_.post([this] { begin_due(); });
        loop_.run();
        loop_.settle();  // the last call goes while what it uses is still there
        print_summary();
        return summary_.flawless() && wavs_written_ ? 0 : 1;
    }

private:
    Instant begins_at(std::size_t call) const {
        const std::chrono::duration<double> offset(static_cast<double>(call) / options_.calls_per_second);
        return begun_at_ + std::chrono::duration_cast<std::chrono::nanoseconds>(offset);
    }

    void begin_due() {
        while (begun_ < options_.calls && begins_at(begun_) <= loop_.now()) begin(begun_++);
        if (begun_ < options_.calls) next_.arm(begins_at(begun_));
    }

    void begin(std::size_t number) {
        CallPlan plan = options_.plan;
        number_in(plan.webhook.target, number);
        plan.caller.call_sid = new_sid("CA", random_);
        plan.caller.from = nth_number(plan.caller.from, number);
        if (plan.caller.account_sid.empty()) plan.caller.account_sid = account_sid_;
        plan.ear.keep_audio = plan.ear.keep_audio && (number == 0 || options_.calls <= recordings_max);
        plan.ear.message_pause = std::max(plan.patience.after_mark, std::chrono::milliseconds(2'000));
        auto call =
            std::make_unique<SimulatedCall>(Exchange{loop_, client_, authorities_, frames_, random_}, std::move(plan),
                                            [this, number](const CallReport& report) { ended(number, report); });
        SimulatedCall& started = *call;
        calls_.emplace(number, std::move(call));
        started.start();
    }

    void ended(std::size_t number, const CallReport& report) {
        summary_.add(report);
        if (options_.json) {
            auto told = to_json(report);
            told["number"] = number + 1;
            fmt::print("{}\n", boost::json::serialize(told));
        } else if (options_.calls == 1) {
            fmt::print("{}", describe(report));
        }
        const bool each = options_.wav_file.contains(number_place) && options_.calls <= recordings_max;
        if (number == 0 || each) write_recording(number, report);
        loop_.retire(std::move(calls_.extract(number).mapped()));
        if (summary_.calls() == options_.calls) loop_.stop();
    }

    void write_recording(std::size_t number, const CallReport& report) {
        if (options_.wav_file.empty()) return;
        std::string name = options_.wav_file;
        number_in(name, number);
        const auto wav = audio::write_wav(report.recording());
        std::ofstream file(name, std::ios::binary);
        file.write(reinterpret_cast<const char*>(wav.data()), static_cast<std::streamsize>(wav.size()));
        if (!file.flush()) {
            wavs_written_ = false;
            fmt::print(stderr, "cannot write {}\n", name);
        } else if (!options_.json) {
            fmt::print("  {:<12} {}\n", "recording", name);
        }
    }

    void print_summary() const {
        if (options_.json) {
            fmt::print("{}\n", boost::json::serialize(boost::json::object{{"summary", summary_.to_json()}}));
        } else if (options_.calls > 1) {
            fmt::print("{}", summary_.describe());
        }
        std::fflush(stdout);
    }

    static constexpr std::size_t recordings_max = 100;  // with more calls only the first keeps its audio

    const CallOptions& options_;
    net::EventLoop loop_;
    net::HttpClient client_;
    const std::shared_ptr<const net::Tls> authorities_;
    FrameCheck frames_;
    std::mt19937_64 random_{std::random_device{}()};
    const std::string account_sid_ = new_sid("AC", random_);
    std::unordered_map<std::size_t, std::unique_ptr<SimulatedCall>> calls_;
    CallSummary summary_;
    std::size_t begun_ = 0;
    Instant begun_at_{};
    bool wavs_written_ = true;
    net::Timer next_;
};

}  // namespace

int run_call_command(std::span<const char* const> args) {
    const auto options = read_call_options(args);
    if (!options) return options.error();
    raise_descriptor_limit();
    return Callers(*options).run();
}

}  // namespace simulator
