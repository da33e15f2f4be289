#include "gateway/warm.hpp"

#include "call/greeting.hpp"
#include "encoding/trim.hpp"
#include "gateway/call_plan.hpp"
#include "gateway/loop_services.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace gateway {

namespace {

constexpr std::size_t phrase_file_bytes_max = 16u << 20, phrases_max = 100'000;

// A listener that says how much it has left to hear: enough for the chain to take its time over a slow provider, and
// little enough for it to go on with the next sentence at once instead of at the pace of speech.
constexpr std::chrono::seconds patience{10};

}  // namespace

std::expected<std::vector<Phrase>, std::string> read_phrases(std::string_view text) {
    std::vector<Phrase> phrases;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = encoding::trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        if (line.empty() || line.starts_with('#')) continue;
        if (phrases.size() == phrases_max)
            return std::unexpected(fmt::format("There are more than {} phrases.", phrases_max));
        Phrase phrase{.line = number, .voice_id = {}, .text = {}};
        if (const std::size_t bar = line.find('|'); bar != std::string_view::npos) {
            phrase.voice_id = encoding::trimmed(line.substr(0, bar));
            line = encoding::trimmed(line.substr(bar + 1));
            if (!is_voice_id(phrase.voice_id)) {
                return std::unexpected(fmt::format("Line {}: what stands before the bar is no voice id.", number));
            }
        }
        if (line.empty()) return std::unexpected(fmt::format("Line {} has a voice and no text.", number));
        phrase.text = Secret(std::string(line));
        phrases.push_back(std::move(phrase));
    }
    return phrases;
}

std::expected<std::vector<Phrase>, std::string> read_phrase_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    if (file) text.assign(std::istreambuf_iterator<char>(file), {});
    if (!file || file.bad()) return std::unexpected(fmt::format("The phrases in '{}' cannot be read.", path));
    if (text.size() > phrase_file_bytes_max)
        return std::unexpected(fmt::format("'{}' is too long for a list of phrases.", path));
    auto phrases = read_phrases(text);
    if (!phrases) return std::unexpected(fmt::format("{}: {}", path, phrases.error()));
    return phrases;
}

namespace {

// With what is known of the number it is for; nullopt: it is another one for every call.
std::optional<std::string> fixed_greeting(const numbers::Rule& rule, const std::string& greeting) {
    const auto names = call::names_in(greeting);
    const bool known = rule.is_for_one_number() && std::ranges::all_of(names, [](auto name) { return name == "to"; });
    if (!known && !names.empty()) return std::nullopt;
    return call::fill_greeting(greeting, {{"to", rule.fits}});
}

}  // namespace

std::vector<Phrase> greetings_of(const numbers::Rules& rules, const numbers::CallSettings& servers) {
    std::vector<Phrase> greetings;
    std::unordered_set<std::string> seen;
    for (const numbers::Rule& rule : rules.all()) {
        const auto settings = numbers::apply_layers(rules.beneath(rule), servers);
        const auto text = fixed_greeting(rule, settings.greeting);
        if (!text || text->empty()) continue;
        const speech::ClipKey key{{}, Secret(*text), settings.voice};
        if (!seen.insert(key.canonical().reveal()).second) continue;
        greetings.push_back(
            {.line = rule.position.line, .voice_id = {}, .text = Secret(*text), .voice = settings.voice});
    }
    return greetings;
}

Warming::Warming(LoopServices& loop, std::vector<Phrase> phrases, OnPhrase on_phrase, std::function<void()> on_done)
    : loop_(loop), phrases_(std::move(phrases)), on_phrase_(std::move(on_phrase)), on_done_(std::move(on_done)) {
    begin_ = LoopTimers(loop.events).after(std::chrono::milliseconds(0), [this] { next(); });
}

Warming::~Warming() = default;

void Warming::next() {
    if (at_ == phrases_.size()) return on_done_();
    const Phrase& phrase = phrases_[at_];
    speech::Request request{.text = phrase.text,
                            .voice = loop_.switchboard.options.voice,
                            .previous_text = {},
                            .next_text = {},
                            .observer = this};
    if (phrase.voice) request.voice = *phrase.voice;
    if (!phrase.voice_id.empty()) request.voice.id = phrase.voice_id;
    audio_bytes_ = 0;
    complete_ = other_voice_ = false;
    last_reason_.clear();
    misses_before_ = misses();
    asked_ = loop_.events.now();
    utterance_ = loop_.speech.say(request, *this);
    utterance_->needed_by(asked_ + patience);  // callers who wait for a slot of the plan come first
}

// What neither memory nor disk had had to be made.
std::uint64_t Warming::misses() const {
    const Switchboard& all = loop_.switchboard;
    return all.clip_files ? all.clip_files->figures().directory.misses : all.memory.figures().misses;
}

void Warming::on_audio(audio::Clip clip) {
    audio_bytes_ += clip.size();
    utterance_->needed_by(loop_.events.now() + patience);
}

void Warming::on_finished() {
    if (complete_ && !other_voice_) return end_phrase(std::nullopt);
    end_phrase(last_reason_.empty() ? "not said to its end" : last_reason_);
}

void Warming::on_failed(speech::Failure failure) {
    end_phrase(std::move(failure.reason));
}

void Warming::on_rung_failed(std::string_view, const speech::Failure& failure) {
    last_reason_ = failure.reason;
}

// Another way to the same voice is as good; the circuits are those of the ways that speak the voice asked for.
void Warming::on_fell_back(std::string_view rung) {
    const auto circuits = loop_.speech.chain().circuits();
    other_voice_ |= std::ranges::none_of(circuits, [&](const auto& circuit) { return circuit.rung == rung; });
}

void Warming::end_phrase(std::optional<std::string> failure) {
    utterance_.reset();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(loop_.events.now() - asked_);
    on_phrase_({.phrase = phrases_[at_],
                .cached_already = !failure && misses() == misses_before_,
                .took = took,
                .audio_bytes = audio_bytes_,
                .failure = std::move(failure)});
    ++at_;
    begin_ = LoopTimers(loop_.events).after(std::chrono::milliseconds(0), [this] { next(); });
}

std::unique_ptr<Warming> warm_in_background(LoopServices& loop, std::vector<Phrase> phrases) {
    struct Totals {
        std::size_t cached = 0, made = 0, failed = 0;
    };
    auto totals = std::make_shared<Totals>();
    return std::make_unique<Warming>(
        loop, std::move(phrases),
        [totals](const Warming::Result& result) {
            ++(result.failure ? totals->failed : result.cached_already ? totals->cached : totals->made);
            if (!result.failure) return;
            if (result.phrase.voice) {
                spdlog::warn("greeting not cached line={} reason={:?}", result.phrase.line, *result.failure);
            } else {
                spdlog::warn("phrase not cached line={} reason={:?}", result.phrase.line, *result.failure);
            }
        },
        [totals] {
            spdlog::info("phrases warmed cached_already={} made={} failed={}", totals->cached, totals->made,
                         totals->failed);
        });
}

namespace {

struct Said {
    std::size_t failed = 0, audio_bytes = 0;
};

// Says every phrase and prints a line for each.
Said say_all(LoopServices& loop, std::vector<Phrase> phrases) {
    Said said;
    const Warming warming(
        loop, std::move(phrases),
        [&](const Warming::Result& result) {
            said.failed += result.failure ? 1 : 0;
            said.audio_bytes += result.audio_bytes;
            const std::string outcome = result.failure          ? fmt::format("failed: {}", *result.failure)
                                        : result.cached_already ? "cached already"
                                                                : fmt::format("made in {} ms", result.took.count());
            fmt::print("{}line {}: {}\n", result.phrase.voice ? "greeting of " : "", result.phrase.line, outcome);
            std::fflush(stdout);
        },
        [&] { loop.events.stop(); });
    loop.events.run();
    return said;
}

}  // namespace

int run_warm(Options options, const std::optional<std::string>& phrase_file) {
    constexpr int phrase_failed = 1, usage_error = 2;
    const auto refuse = [](std::string_view sentence) {
        fmt::print(stderr, "mouthpiece: {}\n", sentence);
        return usage_error;
    };
    if (options.cache_directory.empty()) {
        return refuse("warm needs a cache that outlives it: set CACHE_DIR or --cache-dir to that of the server.");
    }
    std::vector<Phrase> phrases;
    if (phrase_file) {
        auto read = read_phrase_file(*phrase_file);
        if (!read) return refuse(read.error());
        phrases = std::move(*read);
    }
    options.threads = 1;
    Switchboard switchboard(std::move(options));
    std::ranges::move(greetings_of(*switchboard.numbers.rules(), switchboard.numbers.servers()),
                      std::back_inserter(phrases));
    const Said said = say_all(*switchboard.loops.front(), std::move(phrases));
    switchboard.clip_files->settle();

    const auto figures = switchboard.clip_files->figures();
    const std::uint64_t unwritten = figures.directory.not_stored + figures.passed_over;
    if (unwritten > 0) fmt::print("{} sentences could not be written to the cache.\n", unwritten);
    // A cache that is full is emptied down to nine tenths.
    const bool too_small = said.audio_bytes > switchboard.options.cache_disk_bytes_max / 10 * 9;
    if (too_small) fmt::print("The phrases are more than the cache holds: raise CACHE_DISK_MB.\n");
    return said.failed > 0 || unwritten > 0 || too_small ? phrase_failed : 0;
}

}  // namespace gateway
