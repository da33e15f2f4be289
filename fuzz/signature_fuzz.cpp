// Any URL and form, signed and verified. What was signed verifies in every spelling allowed; a changed signature,
// field, or token never does. Input: lines of token, URL, form body, and one byte that says what to change.

#include "twilio/signature.hpp"

#include "encoding/form.hpp"
#include "twilio/signed_url.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view take_line(std::string_view& rest) {
    const auto size = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, size);
    rest.remove_prefix(std::min(size + 1, rest.size()));
    return line;
}

void check_spellings(const Secret& token, std::string_view url, const encoding::FormFields& fields) {
    const auto spellings = twilio::signed_url_spellings(url);
    require(!spellings.empty());
    require(spellings.front() == twilio::likeliest_spelling(url));
    for (const std::string& spelling : spellings) {
        require(std::ranges::count(spellings, spelling) == 1);
        require(twilio::verify_webhook(token, url, fields, twilio::sign(token, spelling, fields)).has_value());
        require(twilio::verify_upgrade(token, url, twilio::sign(token, spelling, {})).has_value());
    }
}

void check_mutations(const Secret& token, std::string_view url, const encoding::FormFields& fields,
                     std::uint8_t choice) {
    const std::string good = twilio::sign(token, twilio::signed_url_spellings(url).front(), fields);
    std::string bad = good;
    bad[choice % bad.size()] = static_cast<char>(bad[choice % bad.size()] ^ (1 << (choice % 8)));
    require(!twilio::verify_webhook(token, url, fields, bad));
    require(!twilio::verify_webhook(token, url, fields, std::string_view(good).substr(0, choice % good.size())));
    require(!twilio::verify_webhook(Secret(token.reveal() + "x"), url, fields, good));
    auto more = fields;
    more.emplace_back("zz not there", "1");
    require(!twilio::verify_webhook(token, url, more, good));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const Secret token{std::string(take_line(rest))};
    const std::string_view url = take_line(rest);
    const auto fields = encoding::parse_form(take_line(rest));
    if (!fields) return 0;
    const std::uint8_t choice = rest.empty() ? 0 : static_cast<std::uint8_t>(rest.front());

    const auto refused = twilio::verify_webhook(token, url, *fields, rest);
    if (!refused) require(!refused.error().urls_tried.empty());
    if (token.empty()) {
        require(!twilio::verify_webhook(token, url, *fields, twilio::sign(token, url, *fields)));
        return 0;
    }
    check_spellings(token, url, *fields);
    check_mutations(token, url, *fields, choice);
    return 0;
}
