#include "twilio/signed_url.hpp"

#include "encoding/form.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace twilio {
namespace {

struct UrlParts {
    std::string_view scheme;  // with its "://"
    std::string_view host;
    std::string_view port;   // with its colon, or empty
    std::string_view path;   // may be empty
    std::string_view query;  // with its question mark, or empty
};

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return lower;
}

std::optional<UrlParts> split(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    UrlParts parts;
    parts.scheme = url.substr(0, scheme_end + 3);
    std::string_view rest = url.substr(parts.scheme.size());
    rest = rest.substr(0, rest.find('#'));

    const auto authority_size = std::min(rest.find_first_of("/?"), rest.size());
    std::string_view authority = rest.substr(0, authority_size);
    rest.remove_prefix(authority_size);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);

    // The colons inside the brackets of an IPv6 address start no port.
    const auto bracket = authority.rfind(']');
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    parts.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) parts.port = authority.substr(colon);

    const auto path_size = std::min(rest.find('?'), rest.size());
    parts.path = rest.substr(0, path_size);
    parts.query = rest.substr(path_size);
    return parts;
}

std::string join(std::string_view scheme, std::string_view host, std::string_view port, std::string_view path,
                 std::string_view query) {
    std::string url;
    url.reserve(scheme.size() + host.size() + port.size() + path.size() + query.size());
    url.append(scheme).append(host).append(port).append(path).append(query);
    return url;
}

// The ports under which a URL may have been signed: its own; else, as the libraries have it, 443 for https and 80 for
// every other scheme, wss included. 443 for wss is ours: it is the port such a URL really means.
std::vector<std::string_view> ports_of(const UrlParts& parts) {
    if (!parts.port.empty()) return {"", parts.port};
    const std::string scheme = to_lower(parts.scheme);
    if (scheme == "https://") return {"", ":443"};
    if (scheme == "wss://") return {"", ":80", ":443"};
    return {"", ":80"};
}

void append_percent(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
}

// What a browser's URL parser percent-encodes (WHATWG URL: the path and the special-query percent-encode sets).
std::string percent_encode_also(std::string_view text, std::string_view marks) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F || marks.contains(c)) {
            append_percent(out, c);
        } else {
            out.push_back(c);
        }
    }
    return out;
}

// JavaScript's encodeURIComponent, which Node's `querystring` module writes queries with.
std::string encode_component(std::string_view text) {
    constexpr std::string_view unreserved_marks = "-_.!~*'()";
    std::string out;
    for (const char c : text) {
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (alphanumeric || unreserved_marks.contains(c)) {
            out.push_back(c);
        } else {
            append_percent(out, c);
        }
    }
    return out;
}

// The grouping below is quadratic, and anybody may send us a URL. Twilio's have some thirty fields.
constexpr std::size_t reencoded_fields_max = 100;

// Decoded and written again, values of one name side by side. An unreadable query is left alone.
std::string reencoded_query(std::string_view query) {
    if (query.size() < 2) return std::string(query);
    const auto fields = encoding::parse_form(query.substr(1));
    if (!fields || fields->size() > reencoded_fields_max) return std::string(query);
    std::string out;
    for (auto first = fields->begin(); first != fields->end(); ++first) {
        const bool seen =
            std::any_of(fields->begin(), first, [&](const auto& field) { return field.first == first->first; });
        if (seen) continue;
        for (auto field = first; field != fields->end(); ++field) {
            if (field->first != first->first) continue;
            out.push_back(out.empty() ? '?' : '&');
            out.append(encode_component(field->first)).append("=").append(encode_component(field->second));
        }
    }
    return out;
}

}  // namespace

std::string likeliest_spelling(std::string_view url) {
    const auto parts = split(url);
    if (!parts) return std::string(url);
    return join(parts->scheme, parts->host, ports_of(*parts).front(), parts->path, parts->query);
}

std::vector<std::string> signed_url_spellings(std::string_view url) {
    const auto parts = split(url);
    if (!parts) return {std::string(url)};
    const auto ports = ports_of(*parts);
    std::vector<std::string> spellings;
    const auto add = [&](std::string_view scheme, std::string_view host, std::string_view path,
                         std::string_view query) {
        for (const auto port : ports) {
            std::string spelling = join(scheme, host, port, path, query);
            if (std::ranges::find(spellings, spelling) == spellings.end()) spellings.push_back(std::move(spelling));
        }
    };
    add(parts->scheme, parts->host, parts->path, parts->query);

    const std::string scheme = to_lower(parts->scheme);
    const std::string host = to_lower(parts->host);
    const std::string path = parts->path.empty() ? "/" : percent_encode_also(parts->path, "\"<>`{}");
    const std::string query = percent_encode_also(parts->query, "\"<>'");
    add(scheme, host, path, query);
    add(scheme, host, path, reencoded_query(query));
    return spellings;
}

std::string with_other_trailing_slash(std::string_view url) {
    const auto parts = split(url);
    if (!parts) return std::string(url);
    std::string path(parts->path);
    if (path.ends_with('/')) {
        path.pop_back();
    } else {
        path.push_back('/');
    }
    return join(parts->scheme, parts->host, parts->port, path, parts->query);
}

std::string without_query_values(std::string_view url) {
    std::string out(without_query(url));
    std::string_view query = query_of(url);
    for (char separator = '?'; !query.empty(); separator = '&') {
        const auto field_size = std::min(query.find('&'), query.size());
        const std::string_view field = query.substr(0, field_size);
        out.push_back(separator);
        out.append(field.substr(0, field.find('=')));
        if (field.contains('=')) out.append("=…");
        query.remove_prefix(std::min(field_size + 1, query.size()));
    }
    return out;
}

std::string_view query_of(std::string_view url) {
    url = url.substr(0, url.find('#'));
    const auto mark = url.find('?');
    return mark == std::string_view::npos ? std::string_view{} : url.substr(mark + 1);
}

std::string_view without_query(std::string_view url) {
    return url.substr(0, url.find_first_of("?#"));
}

}  // namespace twilio
