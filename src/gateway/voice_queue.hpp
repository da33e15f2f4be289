#pragma once
// The speeches that wait for a thread of the embedded voice, earliest need first. Shared by all loops and threads.

#include "net/tick_wheel.hpp"
#include "speech/sentences.hpp"
#include "voice/flite_voice.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace gateway {

// What a thread needs to make speech.
struct VoiceMaker {
    voice::FliteVoice& voice(voice::FliteVoiceName name) { return name == voice::FliteVoiceName::slt ? slt : kal; }
    voice::FliteVoice slt{voice::FliteVoiceName::slt}, kal{voice::FliteVoiceName::kal};
    speech::SentenceCutter sentences;
};

class VoiceJob {
public:
    struct Made {
        std::chrono::microseconds audio{};
        bool more = false;  // there are further sentences
    };

    virtual ~VoiceJob() = default;
    // It was to be heard at `needed_by`.
    virtual Made make_sentence(VoiceMaker& maker, net::Instant needed_by) = 0;
    // Nobody will make the rest.
    virtual void give_up() = 0;

private:
    friend class VoiceQueue;
    net::Instant needed_by_{};  // guarded by the queue
};

class VoiceQueue {
public:
    explicit VoiceQueue(std::size_t waiting_max) : waiting_max_(waiting_max) {}

    // From any thread. False when too many wait already, or after stop().
    bool add(std::shared_ptr<VoiceJob> job, net::Instant needed_by);
    // Moves the job's place; also while a thread works at it, for the sentences that follow.
    void set_needed_by(VoiceJob& job, net::Instant when);
    void remove(const VoiceJob& job);

    // The most urgent job; waits for one. Null after stop().
    std::shared_ptr<VoiceJob> take();
    net::Instant needed_by(const VoiceJob& job);
    // The job's next sentence is needed when the `audio` made just now has been heard. Never refused for want of room:
    // the job was here before. False after stop().
    bool put_back(std::shared_ptr<VoiceJob> job, std::chrono::microseconds audio);

    // Ends all waiting in take(). Returns the jobs that nobody will take.
    std::vector<std::shared_ptr<VoiceJob>> stop();
    bool stopped() const { return stopped_; }

private:
    const std::size_t waiting_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::shared_ptr<VoiceJob>> waiting_;  // in no order: it is short, and urgency changes
    std::atomic<bool> stopped_ = false;
};

}  // namespace gateway
