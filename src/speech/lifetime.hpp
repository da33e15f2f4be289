#pragma once
// For objects that call listeners which may destroy them: tells, after the call, whether that happened.
//
//     const Lifetime::Watch watch(lifetime_);
//     listener_.on_audio(clip);
//     if (watch.ended()) return;  // `this` is gone

namespace speech {

class Lifetime {
public:
    class Watch {
    public:
        // g++ 12 sees a local's address kept, but not that the destructor takes it back.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wdangling-pointer"
        explicit Watch(Lifetime& lifetime) : lifetime_(lifetime), outer_(lifetime.innermost_) {
            lifetime.innermost_ = this;
        }
#pragma GCC diagnostic pop
        ~Watch() {
            if (!ended_) lifetime_.innermost_ = outer_;
        }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        bool ended() const { return ended_; }

    private:
        friend class Lifetime;
        Lifetime& lifetime_;
        Watch* outer_;  // watches nest as calls do
        bool ended_ = false;
    };

    Lifetime() = default;
    Lifetime(const Lifetime&) = delete;
    Lifetime& operator=(const Lifetime&) = delete;
    ~Lifetime() {
        for (Watch* watch = innermost_; watch != nullptr; watch = watch->outer_) watch->ended_ = true;
    }

private:
    Watch* innermost_ = nullptr;
};

}  // namespace speech
