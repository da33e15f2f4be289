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
        explicit Watch(Lifetime& lifetime) : lifetime_(lifetime), outer_(lifetime.innermost_) {
            lifetime.innermost_ = this;
        }
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
