#include "manual.hpp"

#include "config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace {

struct Section {
    const char* first;  // the setting it begins with
    const char* title;
};

constexpr auto sections = std::to_array<Section>({
    {"PORT", "Listening"},
    {"WEBHOOK_BASE_URL", "Twilio"},
    {"API_KEYS", "API"},
    {"ELEVEN_LABS_API_KEY", "ElevenLabs"},
    {"GREETING", "What callers hear"},
    {"REDIS_URL", "Several servers"},
    {"CACHE_DIR", "Speech that is kept"},
    {"AFTER_SPEECH", "Calls"},
    {"RECORDINGS_DIR", "Recordings"},
    {"LOG_LEVEL", "Log"},
    {"MAX_CALLS", "Limits"},
});

const char* section_at(std::string_view variable) {
    const auto* const found = std::ranges::find(sections, variable, &Section::first);
    return found == sections.end() ? nullptr : found->title;
}

constexpr std::size_t name_column = 2, text_column = 26, line_width = 100;

// `text` from text_column on, in lines of at most line_width. What stands in the first line already leaves at least two
// blanks.
std::string beside(std::string first_line, std::string_view text) {
    std::string out;
    if (first_line.size() + 2 > text_column) {
        out = first_line + "\n";
        first_line.clear();
    }
    std::string line = fmt::format("{:<{}}", first_line, text_column);
    for (bool line_begins = true; !text.empty(); line_begins = false) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        if (!line_begins && line.size() + 1 + word.size() > line_width) {
            out += line + "\n";
            line = std::string(text_column, ' ');
            line_begins = true;
        }
        line.append(line_begins ? "" : " ").append(word);
    }
    return out + line + "\n";
}

std::string entry(std::string_view name, std::string_view text) {
    return beside(fmt::format("{:{}}{}", "", name_column, name), text);
}

std::string setting_help(const SettingDescription& setting) {
    std::string name = setting.variable;
    if (setting.flag != nullptr) name = fmt::format("{}={}", setting.flag, setting.variable);
    std::string text = setting.help;
    if (setting.other_variable != nullptr) text += fmt::format("; or {}", setting.other_variable);
    return entry(name, fmt::format("{} [{}]", text, setting.standard));
}

}  // namespace

std::string help_text(std::string_view version) {
    std::string text = fmt::format(
        "mouthpiece {}: gives telephone numbers an ElevenLabs voice\n\n"
        "Usage: mouthpiece COMMAND [OPTION]...\n\n"
        "Answers Twilio's calls and speaks on their Media Streams, with an embedded voice when ElevenLabs cannot.\n\n",
        version);
    text += "Commands:\n";
    text += entry("serve", "answer calls");
    text += entry("doctor", "look at everything the first call needs, and say what would go wrong");
    text += entry("check-config [FILE]", "print what each number gets by FILE or NUMBERS_FILE, or what is wrong there");
    text += entry(
        "warm [FILE]",
        "say into the cache the phrases in FILE, one a line, or voice_id|text, and the greetings of NUMBERS_FILE");
    text += entry("ready", "exit status 0 when the server with these settings takes calls, else 1");
    text += entry("settings", "print every setting as a comment in a .env file");
    text += entry("call", "play a caller: place simulated calls, report what was heard (call --help)");
    text += "\nOptions:\n";
    text += entry("--spend", "of doctor: have ElevenLabs speak one word as well");
    text += entry("--json", "of doctor: for programs");
    text += entry("--number=NUMBER", "of check-config: which rules fit this number, and what it gets by which");
    text += entry("-h, --help", "print this");
    text += entry("--version", "print the version");
    text +=
        "\nSettings of serve, doctor, check-config, warm and ready. A flag wins over the environment, the\n"
        "environment over a line of the file .env in this directory. Behind each flag stands its environment\n"
        "variable, in brackets the default. Keys and tokens have no flag: a list of processes would show them.\n";
    for (const SettingDescription& setting : setting_descriptions()) {
        if (const char* title = section_at(setting.variable)) text += fmt::format("\n{}:\n", title);
        text += setting_help(setting);
    }
    return text;
}

std::string settings_file() {
    std::string text;
    for (const SettingDescription& setting : setting_descriptions()) {
        if (const char* title = section_at(setting.variable)) text += fmt::format("\n# ---- {}\n", title);
        text += fmt::format("\n# {}\n# Default: {}\n#{}=\n", setting.help, setting.standard, setting.variable);
    }
    return text.substr(1);
}
