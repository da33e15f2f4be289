#pragma once
// What one of several instances may have in flight of the plan they share. A store that all of them reach keeps who
// holds how many slots (gateway/shared_plan.hpp asks it); this decides what to ask for, how often, and what to believe
// between two answers and without any. The store is never told of fewer slots than are in use here: what is given up is
// given up here first, and what is granted counts there before it is known here.

#include "speech/request_slots.hpp"
#include "speech/speech_source.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace speech {

class PlanShare {
public:
    using Millis = std::chrono::milliseconds;
    struct Options {
        Millis lease{2'000};           // of a grant; one that is not renewed is the others'
        Millis renew{250}, hurry{20};  // between questions; and while anybody is short of slots
        Millis settle{1'000};          // what was begun under a grant has mostly ended so long after it
        Millis gather{6'000};          // so long after a store comes up empty, all who used it have come back
        // For each instance at least: all together put 100 questions a second, or 200.
        Millis renew_each{10}, hurry_each{5};
    };
    struct Question {
        std::size_t keeps = 0;                // in use here, or free to be used, while the answer is on its way
        std::size_t needs = 0, wants = 0;     // in flight and waiting; and some for whoever comes next
        std::size_t plan = 0, plan_seen = 0;  // stated here; seen in a reply; 0: not
        Millis plan_seen_ago{0};
        std::size_t instances = 0;  // there were when we last heard; 0: never
        Millis lease{0}, gather{0};
    };
    struct Grant {
        std::optional<std::size_t> slots;  // nullopt: nobody knows the plan yet
        std::size_t plan = 0, instances = 1;
        bool shortage = false;  // somebody needs more than there is
    };
    enum class Standing {
        alone,     // nothing was ever granted: the whole plan is ours
        granted,   // for the time of the lease
        guessing,  // no grant was to be had for longer: an equal part
    };
    explicit PlanShare(Options options) : options_(options) {}

    // Gives up what is not needed. Then the slots are to be told share(), and asked again what is in flight.
    void give_up(const RequestSlots::Figures& slots);
    Question question(const RequestSlots::Figures& slots, const RequestSlots::Plan& plan, Instant now) const;
    // The question was put at `asked`, so the lease has begun then or later.
    void answered(const Grant& grant, Instant asked);

    std::optional<RequestSlots::Share> share(Instant now) const;
    Standing standing(Instant now) const;
    std::optional<Instant> changes_at(Instant now) const;  // by itself
    // Until the next question: `waiting` are short of slots here; somebody is; and nobody is.
    Millis pause(std::size_t waiting) const;
    Millis hurry() const;
    Millis renew() const;
    std::size_t instances() const { return grant_ ? grant_->instances : 0; }

private:
    Millis lease() const;

    const Options options_;
    std::optional<Grant> grant_;
    Instant lease_ends_{};
};

}  // namespace speech
