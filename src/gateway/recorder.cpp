#include "gateway/recorder.hpp"

#include "audio/mulaw.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace gateway {

namespace {

double seconds_of(std::uint64_t frames) {
    return static_cast<double>(frames) / audio::sample_rate_hz;
}

WallTime wall_time() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

// The writer's, but for the count of what never reached it.
struct Recorder::Tape::Reel {
    std::string call_sid;
    WallTime began;
    std::optional<RecordingFile> file{};  // none: not made yet, or broken off
    bool broken = false;
    std::atomic<std::uint64_t> frames_dropped{0};
};

Recorder::Recorder(Options options) : options_(std::move(options)), directory_(options_.directory) {
    if (const auto opened = directory_.open(); !opened)
        throw std::runtime_error(fmt::format("RECORDINGS_DIR cannot be used: {}.", opened.error()));
    directory_.sweep(wall_time());
}

Recorder::~Recorder() = default;

std::unique_ptr<Recorder::Tape> Recorder::begin(const std::string& call_sid) {
    auto reel = std::make_shared<Reel>(call_sid, wall_time());
    ++active_;
    writes_.add([this, reel] { open(*reel); }, DiskLine::without_bound);
    return std::unique_ptr<Tape>(new Tape(*this, std::move(reel)));
}

Recorder::Tape::~Tape() {
    end(RecordingState::cut);
}

void Recorder::Tape::finish(std::uint64_t frames_misplaced) {
    if (reel_) {
        recorder_.misplaced_ += frames_misplaced;
        reel_->frames_dropped += frames_misplaced;
    }
    end(RecordingState::whole);
}

void Recorder::Tape::end(RecordingState as) {
    if (!reel_) return;
    recorder_.writes_.add([&recorder = recorder_, reel = std::move(reel_), as] { recorder.close(*reel, as); },
                          DiskLine::without_bound);
    reel_ = nullptr;
}

void Recorder::Tape::write(call::RecordedBlock block) {
    if (!reel_) return;
    Recorder& recorder = recorder_;
    const std::size_t size = block.mulaw_stereo.size();
    const std::size_t waiting = recorder.waiting_bytes_ += size;
    if (waiting > recorder.options_.waiting_bytes_max) {
        recorder.waiting_bytes_ -= size;
        return drop(*reel_, block, recorder.dropped_in_queue_);
    }
    recorder.writes_.add(
        [&recorder, reel = reel_, size, block = std::move(block)] {
            recorder.append(*reel, block);
            recorder.waiting_bytes_ -= size;
        },
        DiskLine::without_bound);
}

void Recorder::drop(Reel& reel, const call::RecordedBlock& block, Counter& why) {
    reel.frames_dropped += block.frames();
    why += block.frames();
}

void Recorder::open(Reel& reel) {
    auto file = directory_.create(reel.began, reel.call_sid);
    if (file) {
        reel.file = std::move(*file);
    } else {
        break_off(reel, file.error());
    }
}

void Recorder::append(Reel& reel, const call::RecordedBlock& block) {
    if (!reel.file) return drop(reel, block, dropped_by_disk_);
    const std::uint64_t before = reel.file->bytes();
    if (!directory_.make_room(block.mulaw_stereo.size())) {
        break_off(reel, "RECORDINGS_MB is used up");
    } else if (const auto written = reel.file->append(block.first_frame, block.mulaw_stereo); !written) {
        break_off(reel, written.error());
    } else {
        return directory_.note_written(reel.file->bytes() - before);
    }
    drop(reel, block, dropped_by_disk_);
}

// What there is of it is kept.
void Recorder::break_off(Reel& reel, std::string_view reason) {
    reel.broken = true;
    spdlog::warn("recording broken off call_sid={} reason={:?}", reel.call_sid, reason);
    if (!reel.file) return void(++failed_);
    ++cut_;
    [[maybe_unused]] const auto finished = reel.file->finish(RecordingState::cut);  // the reason has been told
    reel.file.reset();
}

void Recorder::close(Reel& reel, RecordingState as) {
    --active_;
    if (reel.broken) return;
    if (const auto finished = reel.file->finish(as); !finished) return break_off(reel, finished.error());
    ++(as == RecordingState::whole ? whole_ : cut_);
    spdlog::info("recording kept call_sid={} recording={} length_s={:.2f} missing_s={:.2f}", reel.call_sid,
                 reel.file->name(), seconds_of(reel.file->frames()), seconds_of(reel.frames_dropped));
    reel.file.reset();
}

bool Recorder::ask(std::function<void(RecordingDirectory&)> question) {
    return questions_.add([this, question = std::move(question)] { question(directory_); }, options_.questions_max);
}

void Recorder::sweep() {
    questions_.add([this] { directory_.sweep(wall_time()); }, options_.questions_max);
}

void Recorder::settle() {
    writes_.settle();
    questions_.settle();
}

Recorder::Figures Recorder::figures() const {
    return {.directory = directory_.figures(),
            .active = active_,
            .whole = whole_,
            .cut = cut_,
            .failed = failed_,
            .frames_dropped_in_queue = dropped_in_queue_,
            .frames_dropped_by_disk = dropped_by_disk_,
            .frames_misplaced = misplaced_};
}

}  // namespace gateway
