#pragma once
// An entry in Twilio's debugger: something went wrong that the owner of the number should know. Codes are Twilio's
// (twilio.com/docs/api/errors); 0 where Twilio has none and only this simulator points it out.

#include <string>

namespace simulator {

namespace code {
inline constexpr int http_retrieval = 11200, http_timeout = 11205, bad_http_status = 11217, document_too_large = 11750,
                     bad_xml = 12100, bad_schema = 12200, bad_content_type = 12300, stream_refused = 31902,
                     stream_lost = 31903, stream_handshake = 31920, stream_closed = 31921, stream_scheme = 31922,
                     stream_url = 31923, stream_protocol = 31924, stream_buffer_full = 31931, stream_track = 31941,
                     stream_undecodable = 31950, stream_bad_message = 31951, callback_failed = 15003;
}

struct Notice {
    int code = 0;
    std::string text;
    friend bool operator==(const Notice&, const Notice&) = default;
};

}  // namespace simulator
