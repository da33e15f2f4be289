#include "gateway/clip_files.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace gateway {

namespace {

constexpr std::size_t stores_max = 4'096;  // waiting; their bytes are bounded besides

}  // namespace

ClipFiles::ClipFiles(Options options) : options_(std::move(options)), directory_(options_.directory) {
    if (const auto opened = directory_.open(); !opened) {
        spdlog::warn("nothing is cached on disk reason={:?}", opened.error());
        writing_fails_ = true;
    }
    reader_ = std::jthread([this] { lookups_.work(); });
    writer_ = std::jthread([this] { stores_.work(); });
}

ClipFiles::~ClipFiles() {
    for (Line* line : {&lookups_, &stores_}) {
        const std::lock_guard lock(line->mutex);
        line->closed = true;
        line->changed.notify_all();
    }
}

bool ClipFiles::add(Line& line, std::size_t waiting_max, Work work) {
    const std::lock_guard lock(line.mutex);
    if (line.closed || line.waiting.size() >= waiting_max) return false;
    line.waiting.push_back(std::move(work));
    line.changed.notify_all();
    return true;
}

// Until closed and empty.
void ClipFiles::Line::work() {
    std::unique_lock lock(mutex);
    while (true) {
        changed.wait(lock, [&] { return closed || !waiting.empty(); });
        if (waiting.empty()) return;
        Work next = std::move(waiting.front());
        waiting.pop_front();
        busy = true;
        lock.unlock();
        next();
        next = nullptr;
        lock.lock();
        busy = false;
        changed.notify_all();
    }
}

void ClipFiles::Line::settle() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting.empty() && !busy; });
}

void ClipFiles::settle() {
    lookups_.settle();
    stores_.settle();
}

void ClipFiles::find(const ClipDigest& key, const std::function<void(std::optional<audio::Clip>)>& found) {
    const bool added = add(lookups_, options_.lookups_max, [this, key, found] { found(directory_.read(key)); });
    if (added) return;
    ++passed_over_;
    found(std::nullopt);
}

void ClipFiles::put(const ClipDigest& key, audio::Clip clip) {
    const std::size_t size = clip.size();
    const bool room = (store_bytes_ += size) <= options_.store_bytes_max;
    if (room && add(stores_, stores_max, [this, key, size, clip = std::move(clip)] {
            report(directory_.write(key, clip));
            store_bytes_ -= size;
        })) {
        return;
    }
    store_bytes_ -= size;
    ++passed_over_;
}

// Never refused for want of room.
void ClipFiles::purge() {
    add(stores_, static_cast<std::size_t>(-1), [this] { directory_.purge(); });
}

// Said once when it begins and once when it is over.
void ClipFiles::report(const std::expected<void, std::string>& written) {
    const bool fails = !written;
    if (std::exchange(writing_fails_, fails) == fails) return;
    if (fails) {
        spdlog::warn("clips cannot be written directory={:?} reason={:?}", options_.directory.path.native(),
                     written.error());
    } else {
        spdlog::info("clips are written again directory={:?}", options_.directory.path.native());
    }
}

ClipFiles::Figures ClipFiles::figures() const {
    return {directory_.figures(), passed_over_};
}

// A question to the disk, on the loop. Ends with the first of: the answer, the time limit, whoever asked lost interest.
class ClipFilesDoor::Waiting {
public:
    explicit Waiting(Found found) : found_(std::move(found)) {}

    void give_up_after(std::chrono::milliseconds limit, LoopTimers& timers) {
        limit_ = timers.after(limit, [this] { answer(std::nullopt); });
    }
    void answer(std::optional<audio::Clip> clip) {
        limit_.reset();
        if (const Found found = std::exchange(found_, nullptr)) found(std::move(clip));  // may end this
    }
    void forget() {
        found_ = nullptr;
        limit_.reset();
    }

private:
    Found found_;
    std::unique_ptr<speech::Timers::Timer> limit_;
};

ClipFilesDoor::ClipFilesDoor(net::EventLoop& loop, ClipFiles& files, Options options)
    : timers_(loop), files_(files), options_(options), mailbox_(std::make_shared<LoopMailbox>(loop)) {}

ClipFilesDoor::~ClipFilesDoor() {
    mailbox_->close();
}

std::unique_ptr<speech::ClipStore::Lookup> ClipFilesDoor::find(const speech::ClipKey& key, Found found) {
    struct Asked final : Lookup {
        explicit Asked(Found its_found) : waiting(std::make_shared<Waiting>(std::move(its_found))) {}
        ~Asked() override { waiting->forget(); }
        const std::shared_ptr<Waiting> waiting;
    };
    auto asked = std::make_unique<Asked>(std::move(found));
    asked->waiting->give_up_after(options_.lookup_max, timers_);
    files_.find(digest_of(key), [mailbox = mailbox_, waiting = asked->waiting](std::optional<audio::Clip> clip) {
        mailbox->post([waiting, clip = std::move(clip)] { waiting->answer(clip); });
    });
    return asked;
}

void ClipFilesDoor::put(const speech::ClipKey& key, audio::Clip clip) {
    files_.put(digest_of(key), std::move(clip));
}

void ClipFilesDoor::purge() {
    files_.purge();
}

}  // namespace gateway
