#include "gateway/console_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

// Every file of assets/console: its name in the assembler, its name, its type. A test compares this with the folder.
#define CONSOLE_FILES(FILE)                           \
    FILE(page, "index.html", html)                    \
    FILE(style, "console.css", css)                   \
    FILE(icon, "icon.svg", svg)                       \
    FILE(console, "console.js", script)               \
    FILE(api, "api.js", script)                       \
    FILE(live, "live.js", script)                     \
    FILE(calls, "calls.js", script)                   \
    FILE(call_list, "call_list.js", script)           \
    FILE(call_details, "call_details.js", script)     \
    FILE(timeline, "timeline.js", script)             \
    FILE(charts, "charts.js", script)                 \
    FILE(recording_list, "recording_list.js", script) \
    FILE(loudness, "loudness.js", script)             \
    FILE(waveform, "waveform.js", script)             \
    FILE(elements, "elements.js", script)             \
    FILE(wording, "wording.js", script)               \
    FILE(voice_test, "voice_test.js", script)         \
    FILE(phone, "phone.js", script)                   \
    FILE(phone_call, "phone_call.js", script)         \
    FILE(phone_audio, "phone_audio.js", script)       \
    FILE(mulaw, "mulaw.js", script)                   \
    FILE(microphone, "microphone.js", script)         \
    FILE(loudspeaker, "loudspeaker.js", script)

// As in apology.cpp: the assembler reads the files in.
#define EMBEDDED(symbol, file, type)                       \
    asm(".section .rodata\n"                               \
        ".global console_file_" #symbol                    \
        "_begin\n"                                         \
        ".global console_file_" #symbol                    \
        "_end\n"                                           \
        "console_file_" #symbol                            \
        "_begin:\n"                                        \
        ".incbin \"" CONSOLE_FOLDER "/" file               \
        "\"\n"                                             \
        "console_file_" #symbol                            \
        "_end:\n"                                          \
        ".previous\n");                                    \
    extern "C" const char console_file_##symbol##_begin[]; \
    extern "C" const char console_file_##symbol##_end[];

CONSOLE_FILES(EMBEDDED)

namespace gateway {

namespace {

constexpr std::string_view html = "text/html; charset=utf-8", css = "text/css; charset=utf-8", svg = "image/svg+xml",
                           script = "text/javascript; charset=utf-8";

// Nothing comes from elsewhere, nothing runs that is not a file of ours, and nobody frames the page.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// FNV-1a: tells one build's file from another's.
std::string tag_of(std::string_view content) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : content) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    return fmt::format("\"{:016x}\"", hash);
}

http::Response served(const http::Request& request, const ConsoleFile& file) {
    const std::string tag = tag_of(file.content);
    http::Response response{.status = 200, .content_type = std::string(file.content_type), .body = {}, .headers = {}};
    // Asked for again each time, and answered with 304: after an upgrade no page runs with yesterday's scripts.
    response.headers = {{"ETag", tag},
                        {"Cache-Control", "no-cache"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Resource-Policy", "same-origin"}};
    if (file.content_type == html) {
        response.headers.emplace_back("Content-Security-Policy", content_policy);
        response.headers.emplace_back("Permissions-Policy", "microphone=(self), camera=(), geolocation=()");
        response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    }
    if (request.header("If-None-Match").contains(tag)) {
        response.status = 304;
    } else {
        response.body = file.content;
    }
    return response;
}

}  // namespace

std::span<const ConsoleFile> console_files() {
#define LISTED(symbol, file, type) \
    ConsoleFile{file, type, {console_file_##symbol##_begin, console_file_##symbol##_end}},
    static const ConsoleFile files[] = {CONSOLE_FILES(LISTED)};
#undef LISTED
    return files;
}

http::Response console_page(const http::Request& request) {
    return served(request, console_files().front());
}

http::Response console_file(const http::Request& request, std::string_view name) {
    const auto found = std::ranges::find(console_files(), name, &ConsoleFile::name);
    if (found == console_files().end()) return http::error(404, "The console has no such file.");
    return served(request, *found);
}

}  // namespace gateway
