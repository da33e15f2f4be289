#pragma once
// The spellings of one URL that Twilio may have put into a signature. What a proxy does to ports, and what HTTP
// libraries do to quotes, differs between Twilio's back ends; the official libraries therefore try several spellings,
// and so do we. Source: twilio.com/docs/usage/security, and the behaviour of the Node (6.2) and Python (9.x) helper
// libraries.

#include <string>
#include <string_view>
#include <vector>

namespace twilio {

// The likeliest first, no spelling twice: as received without and with a port, then normalised as browsers do, then
// with the query re-encoded. User, password and fragment are never part of a signature. A text without "scheme://" is
// its own only spelling.
std::vector<std::string> signed_url_spellings(std::string_view url);
// The first of them, which is nearly always the one.
std::string likeliest_spelling(std::string_view url);

// The same URL with the last slash of the path added, or taken away if it was there.
std::string with_other_trailing_slash(std::string_view url);

// "https://host/path?From=…&To=…": fit for a log, where a query may carry telephone numbers.
std::string without_query_values(std::string_view url);

// The text after the first `?`, up to a `#`; empty when there is none.
std::string_view query_of(std::string_view url);

// Everything before the first `?` or `#`.
std::string_view without_query(std::string_view url);

}  // namespace twilio
