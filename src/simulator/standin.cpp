#include "simulator/standin.hpp"

#include "simulator/standin_multi_socket.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace simulator {

Standin::Standin(net::EventLoop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      speech_(loop),
      random_(options_.seed),
      began_(loop.now()),
      sweep_(loop.timers(), [this] { ended_sockets_.clear(); }),
      server_(loop, net::HttpServer::Options{.host = options_.host},
              [this](const std::shared_ptr<net::Exchange>& exchange) { handle(exchange); }) {}

Standin::~Standin() = default;

void Standin::reset() {
    faults_.reset();
    log_.clear();
    peers_.clear();
    speech_requests_ = over_plan_ = 0;
    in_progress_most_ = in_progress_;
}

void Standin::handle(const std::shared_ptr<net::Exchange>& exchange) {
    const http::Request& request = exchange->request();
    const std::string_view path = request.path();
    if (path.starts_with("/standin/")) return exchange->answer(control(request));
    peers_.insert(exchange->peer());
    if (request.method == "HEAD") return exchange->answer(http::error(404, "Not Found"));  // only keeps its connection
    StandinRequest& entry = note(request.method);
    entry.target = request.target;
    entry.peer = exchange->peer();
    if (is_socket_target(path)) return open_socket(exchange);
    if (auto allowed = check_key(options_.account, request); !allowed) return exchange->answer(allowed.error());
    if (path.starts_with(speech_path)) return speak(exchange);
    if (request.method != "GET") return exchange->answer(http::error(405, "Method Not Allowed"));
    exchange->answer(read_account(options_.account, request));
}

StandinRequest& Standin::note(std::string method) {
    if (log_.size() == log_entries_max) log_.pop_front();
    StandinRequest& entry = log_.emplace_back();
    entry.number = next_log_number_++;
    entry.asked = loop_.now();
    entry.method = std::move(method);
    return entry;
}

// The log's numbers follow each other without a hole; old entries may be gone.
void Standin::audio_begins(std::size_t number) {
    if (log_.empty() || number < log_.front().number) return;
    log_.at(number - log_.front().number).first_audio = loop_.now();
}

void Standin::speak(const std::shared_ptr<net::Exchange>& exchange) {
    if (exchange->request().method != "POST") return exchange->answer(http::error(405, "Method Not Allowed"));
    auto order = read_speech_order(exchange->request());
    if (!order) return exchange->answer(order.error());
    log_.back().text = order->text;
    ++speech_requests_;
    if (exceeds_plan()) {
        return exchange->answer(
            refuse({429, "rate_limit_error", "concurrent_limit_exceeded", "too_many_concurrent_requests",
                    fmt::format("Too many concurrent requests. Your current subscription is associated with a "
                                "maximum of {} concurrent requests (running in parallel).",
                                options_.account.requests_at_once_max)}));
    }
    begin_answer(exchange, *order);
}

bool Standin::exceeds_plan() {
    const bool one_too_many = std::cmp_greater_equal(in_progress_, options_.account.requests_at_once_max);
    over_plan_ += one_too_many ? 1 : 0;
    return one_too_many;
}

// A wrong key is no reason to refuse the upgrade: the live service tells it on the open socket.
void Standin::open_socket(const std::shared_ptr<net::Exchange>& exchange) {
    auto order = read_socket_order(exchange->request());
    if (!order) return exchange->answer(order.error());
    if (const auto fault = faults_.take_for_upgrade()) {
        log_.back().fault = fault->fault->name;
        if (fault->fault->socket == SocketEffect::hang_upgrade) return;
        return exchange->answer({.status = fault->fault->status,
                                 .content_type = std::string(fault->fault->content_type),
                                 .body = std::string(fault->fault->body),
                                 .headers = {}});
    }
    if (const auto allowed = check_key(options_.account, exchange->request()); !allowed) {
        const bool none = exchange->request().header("xi-api-key").empty();
        order->refusal = {none ? "authentication_required" : "invalid_api_key",
                          none ? "You must be authenticated to use this endpoint." : "Invalid API key"};
    }
    auto upgraded = exchange->upgrade();
    if (!upgraded) return;
    const std::size_t number = next_number_++;
    const auto gone = [this, number] {
        ended_sockets_.push_back(std::move(sockets_.extract(number).mapped()));
        sweep_.arm(loop_.now());
    };
    const auto seed = static_cast<std::uint32_t>(random_());
    SpeechDesk& desk = *this;
    auto& socket = sockets_[number];
    if (order->multi) {
        socket = std::make_unique<StandinMultiSocket>(loop_, desk, std::move(*order), seed, gone);
    } else {
        socket = std::make_unique<StandinSingleSocket>(loop_, desk, std::move(*order), seed, gone);
    }
    socket->start(std::move(upgraded));
}

std::optional<SpeechDesk::Admission> Standin::admit(std::string_view text) {
    ++speech_requests_;
    if (exceeds_plan()) return std::nullopt;
    ++in_progress_;
    in_progress_most_ = std::max(in_progress_most_, in_progress_);
    StandinRequest& entry = note("SPEAK");  // on a socket opened before
    entry.text = text;
    entry.in_progress = in_progress_;
    Admission admission{.fault = faults_.take(text), .number = entry.number};
    if (!admission.fault) return admission;
    const ArmedFault& fault = *admission.fault;
    entry.fault = fault.fault->name;
    const SocketEffect effect = fault.fault->socket;
    if (concerns_upgrade(effect)) {  // too late for that: this socket is open
        admission.fault = faults_.postpone(fault, {});
    } else if (concerns_beginning(effect) && fault.after_bytes > 0) {
        admission.fault = faults_.postpone(fault, text);
    }
    return admission;
}

void Standin::begin_answer(const std::shared_ptr<net::Exchange>& exchange, const SpeechOrder& order) {
    ++in_progress_;
    in_progress_most_ = std::max(in_progress_most_, in_progress_);
    log_.back().in_progress = in_progress_;
    const std::size_t number = next_number_++;
    AnswerPlan plan{.exchange = exchange,
                    .order = order,
                    .fault = faults_.take(order.text),
                    .first_byte_after = options_.first_byte_after,
                    .seed = static_cast<std::uint32_t>(random_()),
                    .headers = success_headers(order),
                    .on_first_audio = [this, asked = log_.back().number] { audio_begins(asked); }};
    if (plan.fault) {
        log_.back().fault = plan.fault->fault->name;
        const bool late = plan.fault->after_bytes > 0 && concerns_beginning(plan.fault->fault->http);
        if (late) plan.fault = faults_.postpone(*plan.fault, order.text);
    }
    answers_.emplace(number,
                     std::make_unique<StandinAnswer>(loop_, std::move(plan), [this, number] { answer_done(number); }));
    speech_.make(order.voice_id, order.text, order.speed, [this, number](audio::Clip clip) {
        if (const auto found = answers_.find(number); found != answers_.end())
            found->second->speech_made(std::move(clip));
    });
}

void Standin::answer_done(std::size_t number) {
    --in_progress_;
    loop_.retire(std::move(answers_.extract(number).mapped()));
}

std::vector<std::pair<std::string, std::string>> Standin::success_headers(const SpeechOrder& order) {
    const StandinModel* model = find_model(order.model_id);
    const auto cost = std::lround(static_cast<double>(order.text.size()) * model->cost_per_character);
    options_.account.characters_used += static_cast<std::size_t>(cost);
    return {{"request-id", fmt::format("req{:016x}", random_())},
            {"history-item-id", fmt::format("item{:016x}", random_())},
            {"character-cost", std::to_string(cost)},
            {"current-concurrent-requests", std::to_string(in_progress_)},
            {"maximum-concurrent-requests", std::to_string(options_.account.requests_at_once_max)},
            {"workspace-concurrent-requests", std::to_string(in_progress_)},
            {"x-region", "us-central1"},
            {"x-trace-id", fmt::format("{:016x}", random_())},
            {"via", "1.1 google"}};
}

http::Response Standin::control(const http::Request& request) {
    const std::string_view path = request.path();
    if (path == "/standin/faults" && request.method == "GET") return describe_faults();
    if (path == "/standin/log" && request.method == "GET") return describe_log();
    if (path == "/standin/reset" && request.method == "POST") {
        reset();
        return http::json("{}");
    }
    if (path == "/standin/faults" && request.method == "POST") {
        auto armed = read_armed_fault(request.body);
        if (!armed) return http::error(400, armed.error());
        faults_.arm(std::move(*armed));
        return describe_faults();
    }
    return http::error(404, "Not Found");
}

http::Response Standin::describe_faults() const {
    boost::json::array known, armed;
    for (const Fault& fault : all_faults()) {
        known.push_back(boost::json::object{
            {"name", fault.name}, {"http", described_on_http(fault)}, {"websocket", described_on_websocket(fault)}});
    }
    for (const ArmedFault& fault : faults_.armed()) {
        armed.push_back(boost::json::object{
            {"fault", fault.fault->name},
            {"after_bytes", fault.after_bytes},
            {"times", fault.times ? boost::json::value(*fault.times) : boost::json::value("forever")},
            {"match_text", fault.match_text}});
    }
    return http::json(
        boost::json::serialize(boost::json::object{{"known", std::move(known)}, {"armed", std::move(armed)}}));
}

http::Response Standin::describe_log() const {
    boost::json::array requests;
    for (const StandinRequest& request : log_) {
        const auto since = [](net::Instant from, net::Instant to) {
            return std::chrono::duration<double, std::milli>(to - from).count();
        };
        requests.push_back(boost::json::object{
            {"at_ms", since(began_, request.asked)},
            {"first_audio_ms", request.first_audio ? boost::json::value(since(request.asked, *request.first_audio))
                                                   : boost::json::value(nullptr)},
            {"method", request.method},
            {"target", request.target},
            {"peer", request.peer},
            {"text", request.text},
            {"fault", request.fault},
            {"in_progress", request.in_progress}});
    }
    return http::json(boost::json::serialize(boost::json::object{{"speech_requests", speech_requests_},
                                                                 {"connections_seen", connections_seen()},
                                                                 {"over_plan", over_plan_},
                                                                 {"in_progress", in_progress_},
                                                                 {"in_progress_most", in_progress_most_},
                                                                 {"requests", std::move(requests)}}));
}

}  // namespace simulator
