#include "gateway/recording_pages.hpp"

#include "encoding/form.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/recording_download.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <functional>
#include <utility>

namespace gateway {

namespace json = boost::json;

using ExchangePointer = std::shared_ptr<net::Exchange>;

namespace {

constexpr std::size_t recordings_listed_max = 1'000;

struct RecordingSelection {
    std::string call_sid;  // empty: of all calls
    std::size_t limit = 100;
};

std::expected<RecordingSelection, std::string> read_recording_selection(std::string_view query) {
    const auto fields = encoding::parse_form(query).value_or(encoding::FormFields{});
    RecordingSelection wanted{.call_sid = std::string(encoding::find(fields, "call_sid").value_or(""))};
    if (const auto limit = encoding::find(fields, "limit")) {
        const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), wanted.limit);
        if (error != std::errc{} || end != limit->data() + limit->size() || wanted.limit == 0 ||
            wanted.limit > recordings_listed_max)
            return std::unexpected(fmt::format("limit must be a whole number from 1 to {}.", recordings_listed_max));
    }
    return wanted;
}

const char* name_of(RecordingState state) {
    switch (state) {
        case RecordingState::whole:
            return "whole";
        case RecordingState::cut:
            return "cut";
        case RecordingState::being_written:
            break;
    }
    return "being_written";
}

json::object recording_page(const Recording& recording) {
    return {{"name", recording.name},
            {"call_sid", text_or_null(recording.call_sid)},
            {"began_at", iso_time(recording.began)},
            {"length_ms", recording.length.count()},
            {"bytes", recording.bytes},
            {"state", name_of(recording.state)}};
}

http::Response list_page(RecordingDirectory& directory, const RecordingSelection& wanted) {
    json::array page;
    std::uint64_t bytes = 0;
    for (const Recording& recording : directory.list()) {
        bytes += recording.bytes;
        const bool asked_for = wanted.call_sid.empty() || recording.call_sid == wanted.call_sid;
        if (asked_for && page.size() < wanted.limit) page.push_back(recording_page(recording));
    }
    return json_page(200,
                     {{"recordings", std::move(page)}, {"bytes", bytes}, {"bytes_max", directory.options().bytes_max}});
}

http::Response no_such_recording() {
    return http::error(404, "There is no recording of that name.");
}

http::Response removal_page(RecordingDirectory& directory, const std::string& name) {
    switch (directory.remove(name)) {
        case RecordingDirectory::Removal::being_written:
            return http::error(409, "The call is still being recorded.");
        case RecordingDirectory::Removal::unknown:
            return no_such_recording();
        case RecordingDirectory::Removal::removed:
            break;
    }
    spdlog::info("recording removed recording={}", name);
    return json_page(200, {{"name", name}});
}

// Has the recorder's thread look, and answers on the loop that was asked.
void answer_from_disk(LoopServices& loop, const ExchangePointer& exchange,
                      std::function<std::function<void()>(RecordingDirectory&)> look) {
    Recorder* const recorder = loop.switchboard.recorder.get();
    if (recorder == nullptr)
        return exchange->answer(http::error(404, "Nothing is recorded here: RECORDINGS_DIR is not set."));
    const bool asked = recorder->ask([mailbox = loop.mailbox, look = std::move(look)](RecordingDirectory& directory) {
        mailbox->post(look(directory));
    });
    if (asked) return;
    http::Response busy = http::error(503, "Too many are asking for recordings.");
    busy.headers.emplace_back("Retry-After", "1");
    exchange->answer(busy);
}

}  // namespace

void list_recordings(LoopServices& loop, const ExchangePointer& exchange) {
    const auto wanted = read_recording_selection(exchange->request().query());
    if (!wanted) return exchange->answer(http::error(422, wanted.error()));
    answer_from_disk(loop, exchange, [exchange, wanted = *wanted](RecordingDirectory& directory) {
        return [exchange, page = list_page(directory, wanted)] { exchange->answer(page); };
    });
}

void fetch_recording(LoopServices& loop, const ExchangePointer& exchange, const std::string& name) {
    answer_from_disk(loop, exchange, [&loop, exchange, name](RecordingDirectory& directory) -> std::function<void()> {
        auto opened = directory.open_to_read(name);
        if (!opened) return [exchange] { exchange->answer(no_such_recording()); };
        return [&loop, exchange, opened = std::make_shared<RecordingDirectory::Opened>(std::move(*opened))] {
            send_recording(loop, exchange, opened);
        };
    });
}

void remove_recording(LoopServices& loop, const ExchangePointer& exchange, const std::string& name) {
    answer_from_disk(loop, exchange, [exchange, name](RecordingDirectory& directory) {
        return [exchange, page = removal_page(directory, name)] { exchange->answer(page); };
    });
}

}  // namespace gateway
