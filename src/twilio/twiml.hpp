#pragma once
// The TwiML answers we give, as XML text. Every answer is well-formed and within Twilio's limits whatever text goes in:
// 64 kB a document, name+value of a <Parameter> below 500 characters. Source: twilio.com/docs/voice/twiml,
// /docs/voice/twiml/stream, /docs/api/errors/11750.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twilio {

inline constexpr std::size_t twiml_bytes_max = 64'000;
inline constexpr std::size_t parameter_characters_max = 499;  // name + value
inline constexpr std::size_t say_characters_max =
    3000;  // Twilio's limit is said to be 4096; longer text is cut at a word

struct ConnectStream {
    std::string url;                                              // wss://, without a query string (Twilio drops it)
    std::string action_url;                                       // requested when the stream has ended; empty for none
    std::string status_callback_url{};                            // told of the stream's start, end and errors
    std::vector<std::pair<std::string, std::string>> parameters;  // arrive in start.customParameters
};

// Does Twilio accept this <Parameter>? It does not say so when it does not.
bool parameter_fits(std::string_view name, std::string_view value);

// <Connect action><Stream url statusCallback><Parameter/>…</Stream></Connect>
// A parameter that does not fit, or that would make the document too large, is left out; the others arrive. Whoever
// must know asks parameter_fits() first.
std::string connect_stream(const ConnectStream& stream);

// <Say>text</Say><Hangup/>
std::string say_and_hang_up(const std::string& text);

// <Redirect>url</Redirect>: Twilio asks there what to do, by POST.
std::string redirect(const std::string& url);

// <Hangup/>
std::string hang_up();

// <Reject reason="busy"/>: the call is not answered and not billed.
std::string reject_busy();

// An empty <Response/>, for callbacks.
std::string empty_response();

}  // namespace twilio
