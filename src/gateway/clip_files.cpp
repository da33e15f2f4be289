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
}

ClipFiles::~ClipFiles() = default;

void ClipFiles::settle() {
    lookups_.settle();
    stores_.settle();
}

void ClipFiles::find(const ClipDigest& key, const std::function<void(std::optional<audio::Clip>)>& found) {
    const bool added = lookups_.add([this, key, found] { found(directory_.read(key)); }, options_.lookups_max);
    if (added) return;
    ++passed_over_;
    found(std::nullopt);
}

void ClipFiles::put(const ClipDigest& key, audio::Clip clip) {
    const std::size_t size = clip.size();
    const bool room = (store_bytes_ += size) <= options_.store_bytes_max;
    const auto store = [this, key, size, clip = std::move(clip)] {
        report(directory_.write(key, clip));
        store_bytes_ -= size;
    };
    if (room && stores_.add(store, stores_max)) return;
    store_bytes_ -= size;
    ++passed_over_;
}

// Never refused for want of room.
void ClipFiles::purge() {
    stores_.add([this] { directory_.purge(); }, DiskLine::without_bound);
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
