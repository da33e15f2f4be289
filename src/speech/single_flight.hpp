#pragma once
// Identical requests that are under way at the same time share one: a hundred calls that ring together ask for their
// greeting once. Late ones get the audio so far at once, then the rest with the others. The shared request is cancelled
// when the last one leaves.

#include "speech/clip_store.hpp"
#include "speech/speech_source.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace speech {

class SingleFlight final : public SpeechSource {
public:
    // Both must outlive this, and this its Utterances.
    SingleFlight(SpeechSource& source, Timers& timers);
    ~SingleFlight() override;

    std::unique_ptr<Utterance> say(const Request& request, Listener& listener) override;

private:
    class Flight;
    class Passenger;

    void close(const Flight& flight);   // nobody joins it any more
    void remove(const Flight& flight);  // nobody is left; destroys it

    SpeechSource& source_;
    Timers& timers_;
    std::unordered_map<std::string, Flight*> open_;  // by ClipKey
    std::unordered_map<const Flight*, std::unique_ptr<Flight>> flights_;
};

}  // namespace speech
