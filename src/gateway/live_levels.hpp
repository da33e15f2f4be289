#pragma once
// How loud the callers are, for who looks on. A level is told in coarse steps and only where it has changed: of calls
// whose callers are silent nothing is told.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway {

class LoopServices;

class LiveLevels {
public:
    static constexpr int step_db = 3, silence_dbfs = -60;  // what is below counts as silence
    struct Options {
        std::size_t told_max = 2'000;  // at once; the others wait until fewer change
    };
    explicit LiveLevels(Options options) : options_(options) {}

    using ByCall = std::unordered_map<std::string, int>;  // dBFS in steps, by CallSid
    static ByCall of(const LoopServices& loop);

    // What differs from what was told before, as the data of an event; empty when nothing does.
    std::string news(const std::vector<ByCall>& loops);
    void forget() { told_.clear(); }  // somebody new is there, who has been told nothing

    // On the first loop: asks all, and hands on the news, if there are any. One question at a time.
    void ask(LoopServices& home, const std::function<void(const std::string&)>& tell);

private:
    const Options options_;
    ByCall told_;
    bool asking_ = false;
    const std::shared_ptr<int> here_ = std::make_shared<int>();  // gone when this is: an answer looks first
};

}  // namespace gateway
