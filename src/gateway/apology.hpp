#pragma once
// The last word when nothing can speak: a recording inside the binary.

#include "audio/clip.hpp"

namespace gateway {

// assets/apology.ulaw: "We are sorry, we cannot speak to you right now. Please call again later."
audio::Clip recorded_apology();

}  // namespace gateway
