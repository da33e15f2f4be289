#pragma once
// Says a text for a call on the loop's speech chain and reports how that went, to the log and the metrics, under the
// call's name.

#include "speech/speech_source.hpp"

#include <memory>
#include <string>

namespace gateway {

class LoopServices;

std::unique_ptr<speech::Utterance> speak(LoopServices& loop, const std::string& call_sid, speech::Request request,
                                         speech::Listener& listener);

}  // namespace gateway
