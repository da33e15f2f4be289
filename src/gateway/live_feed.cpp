#include "gateway/live_feed.hpp"

#include "gateway/call_page.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/media_stream.hpp"
#include "gateway/status_pages.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

namespace gateway {

namespace json = boost::json;

namespace {

std::string event(std::string_view name, const std::string& text) {
    return fmt::format("event: {}\ndata: {}\n\n", name, text);
}

// How these calls stand, told by the loop on which they live.
std::vector<std::string> rows_of(const LoopServices& loop, std::vector<CallRecord> calls) {
    std::vector<std::string> rows;
    rows.reserve(calls.size());
    const auto now = loop.events.now();
    for (CallRecord& call : calls) {
        const MediaStream* const stream = call.state == CallState::open ? loop.stream_of(call.call_sid) : nullptr;
        if (stream != nullptr && stream->session() != nullptr) add_stream(call, *stream->session());
        rows.push_back(json::serialize(call_row(call, now)));
    }
    return rows;
}

}  // namespace

// Somebody who looks on; lives on the loop that was asked.
class LiveFeed::Listener {
public:
    Listener(LiveFeed& feed, LoopServices& loop, std::shared_ptr<net::Exchange> exchange)
        : feed_(feed),
          feed_lives_(feed.here_),
          backlog_bytes_max_(feed.options_.backlog_bytes_max),
          loop_(loop),
          exchange_(std::move(exchange)) {}

    void begin(const std::string& hello) {
        exchange_->on_gone = [this] { leave(); };
        exchange_->begin_chunks({.status = 200,
                                 .content_type = "text/event-stream",
                                 .body = {},
                                 .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}});
        exchange_->send_chunk(hello);
    }
    void send(const std::string& text) {
        if (exchange_->queued_bytes() <= backlog_bytes_max_) return exchange_->send_chunk(text);
        loop_.events.limits().reached(Limit::live_backlog);
        exchange_->on_gone = nullptr;
        exchange_->abort();
        leave();
    }
    void end() {
        exchange_->on_gone = nullptr;
        exchange_->end_chunks();
        leave();
    }

private:
    void leave() {
        if (!feed_lives_.expired()) feed_.leave(*this);
        loop_.events.let_go(this);
    }

    LiveFeed& feed_;  // ends before the loops do
    const std::weak_ptr<int> feed_lives_;
    const std::size_t backlog_bytes_max_;
    LoopServices& loop_;
    std::shared_ptr<net::Exchange> exchange_;
};

// The loops are being asked about some calls.
class LiveFeed::Gathering {
public:
    Gathering(Audience to, std::size_t loops) : audience(std::move(to)), awaited(loops) {}

    const Audience audience;
    std::vector<std::string> rows;
    std::size_t awaited;
};

LiveFeed::LiveFeed(Switchboard& switchboard, Options options)
    : switchboard_(switchboard),
      options_(options),
      tick_(switchboard.loops.front()->events.timers(), [this] { tick(); }) {}

LiveFeed::~LiveFeed() = default;

void LiveFeed::changed(const std::string& call_sid) {
    if (listeners() == 0) return;
    const std::scoped_lock lock(mutex_);
    if (changed_.size() < options_.changed_max) changed_.insert(call_sid);
}

void LiveFeed::listen(LoopServices& loop, const std::shared_ptr<net::Exchange>& exchange) {
    if (exchange->request().method == "HEAD")
        return exchange->answer({.status = 200, .content_type = "text/event-stream", .body = {}, .headers = {}});
    if (count_.fetch_add(1, std::memory_order_relaxed) >= options_.listeners_max) {
        count_.fetch_sub(1, std::memory_order_relaxed);
        loop.events.limits().reached(Limit::live_listeners);
        return exchange->answer(
            too_many_requests(std::chrono::seconds(5), "Too many are looking on; ask again when one has left."));
    }
    const auto listener = std::make_shared<Listener>(*this, loop, exchange);
    const Seat seat{.who = listener.get(), .listener = listener, .mailbox = loop.mailbox};
    {
        const std::scoped_lock lock(mutex_);
        listeners_.push_back(seat);
    }
    loop.events.keep(listener);
    listener->begin(event("hello", json::serialize(server_page(switchboard_))));
    switchboard_.loops.front()->mailbox->post([this, lives = std::weak_ptr(here_), seat] {
        if (!lives.expired()) begin(seat);
    });
}

void LiveFeed::leave(const Listener& listener) {
    const std::scoped_lock lock(mutex_);
    count_.fetch_sub(std::erase_if(listeners_, [&](const Seat& seat) { return seat.who == &listener; }),
                     std::memory_order_relaxed);
}

LiveFeed::Audience LiveFeed::audience() const {
    const std::scoped_lock lock(mutex_);
    return listeners_;
}

void LiveFeed::end() {
    for (const Seat& seat : audience()) {
        seat.mailbox->post([listener = seat.listener] {
            if (const auto still_there = listener.lock()) still_there->end();
        });
    }
}

void LiveFeed::begin(Seat newcomer) {
    levels_.forget();
    gather(calls_now(), {std::move(newcomer)});
    if (!tick_.armed()) tick_.arm(switchboard_.loops.front()->events.now() + options_.interval);
}

// Those that run come first.
std::vector<CallRecord> LiveFeed::calls_now() const {
    std::vector<CallRecord> calls;
    for (const CallState state : {CallState::open, CallState::waiting, CallState::ended}) {
        auto more = switchboard_.calls.list(state, options_.calls_max - calls.size());
        calls.insert(calls.end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
    }
    return calls;
}

void LiveFeed::tick() {
    std::unordered_set<std::string> changed;
    const Audience everybody = audience();
    if (everybody.empty()) {
        const std::scoped_lock lock(mutex_);
        changed_.clear();
        return;
    }
    const auto now = switchboard_.loops.front()->events.now();
    tick_.arm(now + options_.interval);
    if (now - levels_asked_at_ >= options_.levels_interval) {
        levels_asked_at_ = now;
        tell_levels();
    }
    if (!gatherings_.empty()) return;  // a loop is late with its answer: the news waits, and does not pile up
    {
        const std::scoped_lock lock(mutex_);
        changed.swap(changed_);
    }
    std::vector<CallRecord> calls;
    for (const std::string& call_sid : changed) {
        if (auto call = switchboard_.calls.find(call_sid)) calls.push_back(std::move(*call));
    }
    if (!calls.empty()) return gather(std::move(calls), everybody);
    if (auto told = figures(); told != figures_told_) {
        figures_told_ = std::move(told);
        send(everybody, event("figures", figures_told_));
    } else if (now - told_at_ >= options_.silence_max) {
        send(everybody, ":\n\n");
    }
}

void LiveFeed::tell_levels() {
    if (switchboard_.options.session.caller_audio != call::CallerAudio::level) return;
    levels_.ask(*switchboard_.loops.front(),
                [this](const std::string& news) { send(audience(), event("levels", news)); });
}

void LiveFeed::gather(std::vector<CallRecord> calls, Audience to) {
    std::map<std::size_t, std::vector<CallRecord>> by_loop;  // an open call's own; the rest is told by the first
    by_loop[0];
    for (CallRecord& call : calls) by_loop[call.state == CallState::open ? call.loop : 0].push_back(std::move(call));
    const auto gathering = std::make_shared<Gathering>(std::move(to), by_loop.size());
    gatherings_.push_back(gathering);
    for (auto& [index, of_this_loop] : by_loop) {
        LoopServices& asked = *switchboard_.loops[index];
        asked.mailbox->post([this, &asked, home = switchboard_.loops.front()->mailbox, calls = std::move(of_this_loop),
                             asker = std::weak_ptr(gathering)]() mutable {
            home->post([this, asker, rows = rows_of(asked, std::move(calls))]() mutable {
                const auto waiting = asker.lock();  // owned by this feed
                if (!waiting) return;
                waiting->rows.insert(waiting->rows.end(), std::move_iterator(rows.begin()),
                                     std::move_iterator(rows.end()));
                if (--waiting->awaited == 0) gathered(*waiting);
            });
        });
    }
}

void LiveFeed::gathered(const Gathering& gathering) {
    const std::string at = wall_time({}, {});
    std::string text;
    for (auto row = gathering.rows.begin(); row != gathering.rows.end();) {
        const auto end = row + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(options_.rows_per_event_max),
                                                        gathering.rows.end() - row);
        text += event("calls", fmt::format(R"({{"at":"{}","calls":[{}]}})", at, fmt::join(row, end, ",")));
        row = end;
    }
    figures_told_ = figures();
    text += event("figures", figures_told_);
    send(gathering.audience, std::move(text));
    std::erase_if(gatherings_, [&](const auto& one) { return one.get() == &gathering; });
}

void LiveFeed::send(const Audience& to, std::string text) {
    told_at_ = switchboard_.loops.front()->events.now();
    const auto shared = std::make_shared<const std::string>(std::move(text));
    for (const Seat& seat : to) {
        seat.mailbox->post([listener = seat.listener, shared] {
            if (const auto still_there = listener.lock()) still_there->send(*shared);
        });
    }
}

std::string LiveFeed::figures() const {
    const call::CallMetrics::Figures counted = switchboard_.metrics.figures();
    json::object outcomes, errors, fallbacks;
    for (std::size_t i = 0; i < call::outcome_count; ++i)
        outcomes[name_of(static_cast<call::Outcome>(i))] = counted.calls[i];
    for (const auto& [type, count] : counted.errors) errors[type] = count;
    for (const auto& [to, count] : counted.fallbacks) fallbacks[to] = count;
    json::value recordings = nullptr;
    if (switchboard_.recorder) {
        const Recorder::Figures kept = switchboard_.recorder->figures();
        recordings = {{"active", kept.active},
                      {"stored", kept.directory.files},
                      {"whole", kept.whole},
                      {"cut", kept.cut},
                      {"failed", kept.failed}};
    }
    return json::serialize(json::object{
        {"calls_open", counted.streams_open},
        {"calls_announced", switchboard_.directory.awaited_streams(net::Clock::now())},
        {"calls_max", switchboard_.options.calls_max},
        {"underruns", counted.underruns},
        {"draining", switchboard_.draining.load()},
        {"outcomes", std::move(outcomes)},
        {"errors", std::move(errors)},
        {"fallbacks", std::move(fallbacks)},
        {"recordings", std::move(recordings)},
    });
}

}  // namespace gateway
