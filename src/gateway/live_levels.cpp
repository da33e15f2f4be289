#include "gateway/live_levels.hpp"

#include "gateway/gather.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

int in_steps(double dbfs) {
    const int steps = static_cast<int>(std::lround(dbfs / LiveLevels::step_db));
    return std::max(steps * LiveLevels::step_db, LiveLevels::silence_dbfs);
}

}  // namespace

LiveLevels::ByCall LiveLevels::of(const LoopServices& loop) {
    ByCall levels;
    for (const HeardCaller& caller : loop.heard_callers())
        levels.emplace(caller.call_sid, in_steps(caller.level.rms_dbfs));
    return levels;
}

std::string LiveLevels::news(const std::vector<ByCall>& loops) {
    json::object changed;
    ByCall told;
    for (const ByCall& loop : loops) {
        for (const auto& [call_sid, level] : loop) {
            const auto before = told_.find(call_sid);
            const bool known = before != told_.end();
            if (known && before->second == level) {
                told.insert(*before);
            } else if (changed.size() < options_.told_max) {
                changed[call_sid] = level;
                told.emplace(call_sid, level);
            } else if (known) {
                told.insert(*before);
            }
        }
    }
    told_ = std::move(told);  // calls that have ended are not in it
    return changed.empty() ? std::string() : json::serialize(json::object{{"rms_dbfs", std::move(changed)}});
}

void LiveLevels::ask(LoopServices& home, const std::function<void(const std::string&)>& tell) {
    if (std::exchange(asking_, true)) return;
    Gathering<ByCall>::begin(home, &LiveLevels::of,
                             [this, tell, lives = std::weak_ptr(here_)](const std::vector<ByCall>& loops) {
                                 if (lives.expired()) return;
                                 asking_ = false;
                                 if (const std::string text = news(loops); !text.empty()) tell(text);
                             });
}

}  // namespace gateway
