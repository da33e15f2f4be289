#pragma once
// A speech::Listener that notes what it hears, and checks the contract while it listens.

#include "speech/speech_source.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace test {

inline speech::Request speech_request(std::string text) {
    speech::Request request;
    request.text = Secret(std::move(text));
    return request;
}

struct SpeechRecorder final : speech::Listener {
    void on_audio(audio::Clip clip) override {
        EXPECT_FALSE(ended()) << "audio after the end";
        EXPECT_FALSE(clip.empty());
        check_thread();
        clips.push_back(clip);
        for (const std::byte code : clip.bytes()) heard.push_back(static_cast<char>(code));
        if (when_audio) when_audio();
    }
    void on_sentence_end(std::size_t text_end) override {
        EXPECT_FALSE(ended()) << "a sentence's end after the end";
        sentence_ends.emplace_back(text_end, heard.size());
    }
    void on_finished() override {
        end();
        finished = true;
        if (when_ended) when_ended();
    }
    void on_failed(speech::Failure its_failure) override {
        end();
        failure = std::move(its_failure);
        if (when_ended) when_ended();
    }
    bool ended() const { return finished || failure.has_value(); }

    std::vector<audio::Clip> clips;
    std::string heard;
    std::vector<std::pair<std::size_t, std::size_t>> sentence_ends;  // in the text, and in the audio
    bool finished = false;
    std::optional<speech::Failure> failure;
    std::function<void()> when_audio, when_ended;

private:
    void end() {
        EXPECT_FALSE(ended()) << "a second end";
        check_thread();
    }
    void check_thread() const { EXPECT_EQ(std::this_thread::get_id(), thread_) << "called from a foreign thread"; }

    const std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace test
