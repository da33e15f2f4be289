#include "gateway/recording_download.hpp"

#include "gateway/loop_services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unistd.h>
#include <utility>

namespace gateway {

namespace {

constexpr std::uint64_t piece_bytes = 128u << 10;
constexpr std::size_t queued_bytes_max = 256u << 10;
constexpr std::chrono::milliseconds look_again{10};

std::string read_piece(const Descriptor& file, std::uint64_t offset, std::uint64_t size) {
    std::string piece(size, '\0');
    const auto got = ::pread(file.number(), piece.data(), piece.size(), static_cast<off_t>(offset));
    piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return piece;
}

// Kept by the loop until it has ended.
class Download final : public std::enable_shared_from_this<Download> {
public:
    Download(LoopServices& loop, std::shared_ptr<net::Exchange> exchange,
             std::shared_ptr<RecordingDirectory::Opened> opened, http::ByteRange range)
        : loop_(loop),
          exchange_(std::move(exchange)),
          opened_(std::move(opened)),
          at_(range.first),
          end_(range.first + range.size),
          again_(loop.events.timers(), [this] { go_on(); }) {}

    void go_on() {
        if (exchange_->gone()) return end();
        if (at_ == end_) {
            exchange_->end_body();
            return end();
        }
        if (exchange_->queued_bytes() > queued_bytes_max) return again_.arm(loop_.events.now() + look_again);
        const std::uint64_t size = std::min(piece_bytes, end_ - at_);
        const bool asked =
            loop_.switchboard.recorder->ask([mailbox = loop_.mailbox, opened = opened_, at = at_, size,
                                             self = std::weak_ptr(shared_from_this())](RecordingDirectory&) mutable {
                std::string piece = read_piece(opened->file, at, size);
                mailbox->post([self = std::move(self), piece = std::move(piece)] {
                    if (const auto download = self.lock()) download->on_piece(piece);
                });
            });
        if (!asked) again_.arm(loop_.events.now() + look_again);
    }

private:
    void on_piece(const std::string& piece) {
        if (piece.empty()) {  // the file is shorter than it was
            exchange_->abort();
            return end();
        }
        exchange_->send_body(piece);
        at_ += piece.size();
        go_on();
    }
    void end() {
        again_.disarm();
        loop_.events.let_go(this);
    }

    LoopServices& loop_;
    std::shared_ptr<net::Exchange> exchange_;
    std::shared_ptr<RecordingDirectory::Opened> opened_;
    std::uint64_t at_, end_;
    net::Timer again_;
};

}  // namespace

void send_recording(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange,
                    std::shared_ptr<RecordingDirectory::Opened> opened) {
    const Recording& recording = opened->recording;
    const auto [status, range] = http::answer_range(exchange->request().header("Range"), recording.bytes);
    http::Response head{
        .status = status,
        .content_type = "audio/wav",
        .body = {},
        .headers = {{"Accept-Ranges", "bytes"},
                    {"Cache-Control", "no-store"},
                    {"Content-Disposition", fmt::format("inline; filename=\"{}.wav\"", recording.name)}}};
    if (status == 416) {
        head = http::error(416, "The recording has no such part.");
        head.headers.emplace_back("Content-Range", fmt::format("bytes */{}", recording.bytes));
        return exchange->answer(head);
    }
    if (status == 206) {
        head.headers.emplace_back(
            "Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.first + range.size - 1, recording.bytes));
    }
    exchange->begin_body(head, range.size);
    if (exchange->request().method == "HEAD") return exchange->end_body();
    const auto download = std::make_shared<Download>(loop, exchange, std::move(opened), range);
    loop.events.keep(download);
    download->go_on();
}

}  // namespace gateway
