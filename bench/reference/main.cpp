// bare-media-server: the least a server can do for a call. One thread; every caller frame is read, unmasked and its
// payload found; nothing is allocated or encoded per frame. What Mouthpiece spends beyond this is its own.
// Prints its port and serves until it is killed.

#include "reference/media_call.hpp"
#include "reference/speech.hpp"
#include "wire/loop.hpp"
#include "wire/socket.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>
#include <string>
#include <sys/epoll.h>

namespace {

using bench::Speech;

class Door final : public bench::Actor {
public:
    Door(bench::Loop& loop, int listener, SSL_CTX* tls, Speech& speech)
        : loop_(loop), listener_(listener), tls_(tls), speech_(speech) {
        loop_.watch(listener, EPOLLIN, *this);
    }

private:
    void on_ready(std::uint32_t) override {
        for (int socket = bench::accept_from(listener_); socket >= 0; socket = bench::accept_from(listener_))
            new bench::MediaCall(loop_, bench::Socket(socket, tls_, true), speech_);  // the loop discards it
    }
    void on_due(std::int64_t) override {}

    bench::Loop& loop_;
    int listener_;
    SSL_CTX* tls_;
    Speech& speech_;
};

struct Settings {
    Speech::Options speech;
    std::string certificate, key;
    std::uint16_t port = 0;
};

void declare(CLI::App& app, Settings& settings) {
    const std::map<std::string, Speech::Says> ways{{"frames", Speech::Says::frames},
                                                   {"messages", Speech::Says::messages},
                                                   {"echo", Speech::Says::echo},
                                                   {"nothing", Speech::Says::nothing}};
    const std::map<std::string, Speech::CallerAudio> uses{{"found", Speech::CallerAudio::found},
                                                          {"level", Speech::CallerAudio::level}};
    app.add_option("--port", settings.port, "0: any free one");
    app.add_option("--says", settings.speech.says,
                   "frames: 20 ms each; messages: 400 ms, 2 s ahead, with marks; echo; nothing")
        ->transform(CLI::CheckedTransformer(ways));
    app.add_option("--caller-audio", settings.speech.caller_audio,
                   "found in its message, or decoded and its level summed")
        ->transform(CLI::CheckedTransformer(uses));
    app.add_option("--clip-ms", settings.speech.clip_ms, "Length of what is said")->capture_default_str();
    app.add_option("--cert", settings.certificate, "TLS: certificate chain (PEM)");
    app.add_option("--key", settings.key, "TLS: its key (PEM)");
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("A bare epoll server for Media Streams: the practical limit that figures are held against.");
    declare(app, settings);
    CLI11_PARSE(app, argc, argv);
    if (settings.speech.says == Speech::Says::messages) {
        settings.speech.message_ms = 400;
        settings.speech.lead_ms = 2'000;
    }
    Speech speech(settings.speech);
    bench::Loop loop;
    const int listener = bench::listen_on(settings.port);
    Door door(loop, listener,
              settings.certificate.empty() ? nullptr : bench::server_tls(settings.certificate, settings.key), speech);
    std::printf("%u\n", bench::port_of(listener));
    std::fflush(stdout);
    loop.run();
}
