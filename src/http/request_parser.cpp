#include "http/message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using Malformed = beast::http::error;

constexpr std::size_t fields_max = 100;
constexpr std::size_t body_reserve_max = 16 * 1024;  // what a Content-Length may claim before any of it has come

constexpr std::size_t chunk_framing_min =
    5;  // "0", CR LF, CR LF: no body ends with less, and Beast asserts that it need not try

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "HTTP/2.0" is a version we do not speak; anything else in its place is not HTTP.
bool names_a_version(std::string_view request_line) {
    const std::string_view version = request_line.substr(request_line.rfind(' ') + 1);
    return std::ranges::count(request_line, ' ') == 2 && version.size() == 8 && version.starts_with("HTTP/") &&
           is_number(version.substr(5, 1)) && version[6] == '.' && is_number(version.substr(7));
}

}  // namespace

// One request on its way in. The header is handed to Beast as one block and never in pieces: limits and errors then do
// not depend on how the network happened to cut it.
struct RequestParser::State final : beast::http::basic_parser<true> {
    explicit State(const Limits& given) : limits(given) {
        header_limit(std::numeric_limits<std::uint32_t>::max());  // ours is stricter, and counts the request line
        body_limit(given.body_bytes_max);
    }

    std::size_t feed(std::string_view input);
    std::size_t feed_header(std::string_view input);
    std::size_t feed_body(std::string_view input);
    std::size_t feed_chunks(std::string_view input);
    std::size_t header_end(std::string_view text);
    void parse_header(std::string_view block);
    std::size_t parse(std::string_view text, error_code& ec) {
        return put(boost::asio::const_buffer(text.data(), text.size()), ec);
    }
    void fail(int status, std::string_view detail) { failure = error(status, detail); }
    void fail(error_code ec);
    bool failed() const { return failure.status != 200; }

    Limits limits;
    Request request;
    Response failure;         // 200: none
    std::string pending;      // of the header or of the chunked framing, while not yet parsed
    std::size_t scanned = 0;  // bytes of it in which the end of the header has been looked for
    int hosts = 0, lengths = 0, minor_version = 1;
    bool expects_continue = false, closes = false;

private:
    static constexpr std::size_t fields_mostly = 16;  // Twilio sends about a dozen
    void check_field(beast::http::field name, std::string_view value, error_code& ec);

    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                         error_code&) override {
        request.method = std::string(method);
        request.target = std::string(target);
        request.headers.reserve(fields_mostly);
        minor_version = version % 10;
    }
    void on_field_impl(beast::http::field name, beast::string_view as_sent, beast::string_view value,
                       error_code& ec) override {
        if (is_header_done()) return;  // a trailer: it must not pass for a header
        if (request.headers.size() == fields_max) {
            ec = Malformed::header_limit;
            return;
        }
        check_field(name, {value.data(), value.size()}, ec);
        request.headers.emplace_back(as_sent, value);
    }
    void on_header_impl(error_code& ec) override {
        request.keep_alive = keep_alive() && !closes;
        if (hosts > 1 || (hosts == 0 && minor_version == 1)) ec = Malformed::bad_field;
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        request.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length.value_or(0), body_reserve_max)));
    }
    std::size_t on_body_impl(beast::string_view bytes, error_code&) override {
        request.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code& ec) override {
        return on_body_impl(bytes, ec);
    }
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, beast::string_view, int, error_code&) override {}
};

std::size_t RequestParser::State::feed(std::string_view input) {
    std::size_t used = 0;
    if (!failed() && !is_header_done()) used = feed_header(input);
    if (!failed() && is_header_done() && !is_done()) used += feed_body(input.substr(used));
    return used;
}

std::size_t RequestParser::State::feed_header(std::string_view input) {
    const std::size_t before = pending.size();
    std::string_view text = input;
    if (before != 0) {
        pending.append(input.substr(0, limits.header_bytes_max - before));
        text = pending;
    }
    const std::size_t end = header_end(text.substr(0, limits.header_bytes_max));
    if (failed()) return 0;
    if (end != 0) {
        parse_header(text.substr(0, end));
        std::string().swap(pending);
        return end - before;
    }
    if (text.size() >= limits.header_bytes_max) {
        fail(431, "The request header is too large.");
        return 0;
    }
    if (before == 0) pending = input;
    return input.size();
}

// Behind the empty line that ends the header; 0 while it has not come. A line end without a carriage return is refused
// here (RFC 9112 section 2.2 leaves the choice), or its sender would wait for an answer until the time-out.
std::size_t RequestParser::State::header_end(std::string_view text) {
    if (text.front() <= ' ' || text.front() == '\x7F') {  // no method: TLS on the plain port, most likely
        fail(400, "This is not an HTTP request.");
        return 0;
    }
    std::size_t line_end = text.find('\n', scanned);
    for (; line_end != std::string_view::npos; line_end = text.find('\n', line_end + 1)) {
        if (line_end == 0 || text[line_end - 1] != '\r') {
            fail(400, "A header line does not end with CR LF.");
            return 0;
        }
        if (line_end >= 3 && text.substr(line_end - 3, 4) == "\r\n\r\n") return line_end + 1;
    }
    scanned = text.size();
    return 0;
}

void RequestParser::State::parse_header(std::string_view block) {
    // RFC 9112 section 5.2: a folded line may be refused; unfolding it is how two parsers come to different headers.
    if (block.find("\n ") != std::string_view::npos || block.find("\n\t") != std::string_view::npos)
        return fail(400, "A header field is folded over two lines.");
    error_code ec;
    parse(block, ec);
    if (ec == Malformed::bad_version && names_a_version(block.substr(0, block.find("\r\n"))))
        return fail(505, "This server speaks HTTP/1.1.");
    if (ec) fail(ec);
}

// What Beast is more lenient about than a server behind a proxy should be.
void RequestParser::State::check_field(beast::http::field name, std::string_view value, error_code& ec) {
    using beast::http::field;
    if (name == field::transfer_encoding && (!beast::iequals(value, "chunked") || minor_version == 0))
        ec = Malformed::bad_transfer_encoding;
    if (name == field::content_length && (++lengths > 1 || !is_number(value))) ec = Malformed::bad_content_length;
    if (name == field::host) ++hosts;
    if (name == field::connection)  // Beast lets "keep-alive" win over it in HTTP/1.0
        closes |=
            std::ranges::any_of(beast::http::token_list(value), [](auto t) { return beast::iequals(t, "close"); });
    if (name == field::expect && minor_version == 1) expects_continue = beast::iequals(value, "100-continue");
}

std::size_t RequestParser::State::feed_body(std::string_view input) {
    if (chunked()) return feed_chunks(input);
    if (input.empty()) return 0;
    error_code ec;
    const std::size_t used = parse(input, ec);
    if (ec) fail(ec);
    return used;
}

// Beast wants a chunk's line, and the trailer, in one piece: they wait in `pending`, which bounds them too.
std::size_t RequestParser::State::feed_chunks(std::string_view input) {
    std::size_t used = 0;
    error_code ec;
    do {
        const std::string_view part = input.substr(used, limits.header_bytes_max - pending.size());
        pending.append(part);
        used += part.size();
        std::string_view rest = pending;
        ec = {};
        while (rest.size() >= chunk_framing_min && !is_done() && !ec) rest.remove_prefix(parse(rest, ec));
        pending.erase(0, pending.size() - rest.size());
        if (ec == Malformed::need_more && pending.size() < limits.header_bytes_max) ec = {};
    } while (!ec && !is_done() && used < input.size());
    if (ec) fail(ec == Malformed::need_more ? error_code(Malformed::bad_chunk) : ec);
    return is_done() ? used - pending.size() : used;
}

void RequestParser::State::fail(error_code ec) {
    if (ec == Malformed::body_limit) return fail(413, "The request body is too large.");
    if (ec == Malformed::header_limit) return fail(431, "The request has too many header fields.");
    if (ec == Malformed::bad_field && is_header_done()) return fail(400, "The request needs one Host header field.");
    fail(400, "Malformed HTTP request: " + ec.message() + ".");
}

RequestParser::RequestParser(Limits limits) : limits_(limits) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

std::expected<std::size_t, Response> RequestParser::feed(std::span<const char> input) {
    std::string_view text(input.data(), input.size());
    if (!state_) {
        // Some clients end a body with a line of their own; RFC 9112 section 2.2 asks to overlook it.
        text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
        if (text.empty()) return input.size();
        state_ = std::make_unique<State>(limits_);
    }
    const std::size_t skipped = input.size() - text.size();
    const std::size_t used = state_->feed(text);
    if (state_->failed()) return std::unexpected(state_->failure);
    return skipped + used;
}

bool RequestParser::complete() const {
    return state_ && !state_->failed() && state_->is_done();
}

bool RequestParser::idle() const {
    return !state_;
}

Request RequestParser::take() {
    Request request = std::move(state_->request);
    state_.reset();
    return request;
}

bool RequestParser::wants_continue() {
    if (!state_ || !state_->is_header_done() || state_->failed() || complete()) return false;
    const bool body_has_begun = !state_->request.body.empty() || !state_->pending.empty();
    return std::exchange(state_->expects_continue, false) && !body_has_begun;
}

}  // namespace http
