#pragma once
// Any text as part of an XML 1.0 document: escaped, and rid of what XML cannot carry at all. Internal to twilio/.

#include <cstddef>
#include <string>
#include <string_view>

namespace twilio {

// Between two tags. Broken UTF-8 becomes U+FFFD; control characters and the noncharacters U+FFFE and U+FFFF, which XML
// forbids even as references, are dropped: one of them would make Twilio refuse the whole document (error 12100).
void append_xml_text(std::string& out, std::string_view text);

// ` name="value"` with a leading space. `name` is written as it stands.
void append_xml_attribute(std::string& out, std::string_view name, std::string_view value);

// Length as Twilio counts it: UTF-16 code units, the characters of Java and JavaScript.
std::size_t utf16_size(std::string_view text);

// The beginning of `text` with at most `characters_max` UTF-16 code units, ended after a whole word where there is one.
std::string_view cut_at_word(std::string_view text, std::size_t characters_max);

}  // namespace twilio
