#include "call/outcome.hpp"

namespace call {

const char* name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::completed:
            return "completed";
        case Outcome::caller_hung_up:
            return "caller_hung_up";
        case Outcome::connection_lost:
            return "connection_lost";
        case Outcome::refused:
            return "refused";
        case Outcome::protocol_error:
            return "protocol_error";
        case Outcome::speech_failed:
            return "speech_failed";
        case Outcome::timed_out:
            return "timed_out";
        case Outcome::shut_down:
            return "shut_down";
        case Outcome::hung_up:
            return "hung_up";
    }
    return "unknown";
}

}  // namespace call
