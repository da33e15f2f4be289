#pragma once
// Speech begun at the webhook, while the phone still rings: its audio collects here until the call's stream opens and
// takes it over. One loop's; bounded in number and in time, so that a call that never opens its stream costs nothing
// further.

#include "speech/speech_source.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway {

class LoopServices;

class PreparedSpeech {
public:
    struct Options {
        std::chrono::milliseconds life{30'000};  // Twilio opens the stream within seconds of the webhook's answer
        std::size_t calls_max = 2'000;
    };
    PreparedSpeech(LoopServices& loop, Options options);
    ~PreparedSpeech();

    // Begins to say `request` for this call. Does nothing when there is one already or too many are waiting: it is then
    // said when the stream opens.
    void begin(const std::string& call_sid, const speech::Request& request);

    // It is not wanted after all.
    void drop(const std::string& call_sid);

    // Hands over what has been said and the rest as it comes, as if say() had just been called. Null when nothing is
    // prepared.
    std::unique_ptr<speech::Utterance> take(const std::string& call_sid, speech::Listener& listener);

    void clear() { waiting_.clear(); }
    std::size_t waiting() const { return waiting_.size(); }

private:
    class Entry;
    class Handle;
    void expire(const std::string& call_sid);

    LoopServices& loop_;
    Options options_;
    std::unordered_map<std::string, std::shared_ptr<Entry>> waiting_;
};

}  // namespace gateway
