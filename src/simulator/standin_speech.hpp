#pragma once
// The stand-in's audio: the words themselves, spoken by flite's kal, the same bytes every time. Made on a thread of its
// own and kept, so that a repeated text costs nothing.

#include "audio/clip.hpp"
#include "net/event_loop.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace simulator {

// What the stand-in answers for this text, computed here and now: tests compare with it. Never a multiple of 160 bytes,
// as live answers are not. Text without a word gives a short silence.
audio::Clip standin_audio(const std::string& voice_id, const std::string& text, double speed = 1.0);
// The same, and from a byte on only silence.
audio::Clip hushed(const audio::Clip& speech, std::size_t from);

class StandinSpeech {
public:
    explicit StandinSpeech(net::EventLoop& loop);
    ~StandinSpeech();  // waits for the speech being made

    // `done` is called on the loop, never from inside make(), unless this object has gone.
    using Done = std::function<void(audio::Clip)>;
    void make(const std::string& voice_id, const std::string& text, double speed, Done done);

private:
    struct Key {
        std::string voice_id, text;
        double speed;
        auto operator<=>(const Key&) const = default;
    };
    void work();
    void made(const Key& key, const audio::Clip& clip);

    static constexpr std::size_t kept_max = 2'000;

    net::EventLoop& loop_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::map<Key, audio::Clip> kept_;
    std::map<Key, std::vector<Done>> waiting_;
    std::mutex mutex_;  // guards what the thread sees: the queue and the end
    std::condition_variable work_there_;
    std::deque<Key> queue_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace simulator
