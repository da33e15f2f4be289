#include "simulator/standin_socket.hpp"

#include "encoding/form.hpp"
#include "simulator/standin_account.hpp"
#include "simulator/standin_order.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace simulator {

namespace {

constexpr std::string_view single_path = "/stream-input", multi_path = "/multi-stream-input";
constexpr std::chrono::milliseconds close_after_error{800}, close_after_final{750};
constexpr int inactivity_max_s = 180;
constexpr std::size_t message_bytes_max = 256 * 1024;

std::chrono::seconds read_timeout(std::string_view text) {
    int seconds = 20;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(std::clamp(seconds, 1, inactivity_max_s));
}

std::string settings_of(const boost::json::object& message) {
    const auto* settings = message.if_contains("voice_settings");
    return settings == nullptr || settings->is_null() ? "" : boost::json::serialize(*settings);
}

// 17 MiB are announced, and as much sent as the queue holds.
std::string huge_frame_begins() {
    std::string frame("\x81\x7f\x00\x00\x00\x00\x01\x10\x00\x00", 10);
    return frame.append(512 * 1024, ' ');
}

std::optional<std::vector<std::size_t>> read_schedule(const boost::json::value& config) {
    if (!config.is_object()) return std::nullopt;
    const auto* steps = config.get_object().if_contains("chunk_length_schedule");
    if (steps == nullptr || !steps->is_array()) return std::nullopt;
    std::vector<std::size_t> schedule;
    for (const auto& step : steps->get_array()) {
        if (!step.is_int64() || step.get_int64() < 0) return std::nullopt;
        schedule.push_back(static_cast<std::size_t>(step.get_int64()));
    }
    return schedule;
}

}  // namespace

std::optional<std::string_view> text_in(const boost::json::object& message, std::string_view name) {
    const auto* value = message.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return value->get_string();
}

bool true_in(const boost::json::object& message, std::string_view name) {
    const auto* value = message.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

bool is_socket_target(std::string_view path) {
    return path.starts_with(speech_path) && path.ends_with("stream-input");
}

std::expected<SocketOrder, http::Response> read_socket_order(const http::Request& request) {
    std::string_view path = request.path();
    SocketOrder order;
    order.multi = path.ends_with(multi_path);
    if (!order.multi && !path.ends_with(single_path)) return std::unexpected(http::error(404, "Not Found"));
    path.remove_prefix(speech_path.size());
    order.voice_id = path.substr(0, path.find('/'));

    const auto query = encoding::parse_form(request.query()).value_or(encoding::FormFields{});
    const auto given = [&query](std::string_view name) { return encoding::find(query, name).value_or(""); };
    const StandinModel* model = find_model(given("model_id").empty() ? "eleven_multilingual_v2" : given("model_id"));
    if (model == nullptr || !model->streams_by_socket) {
        return std::unexpected(
            simulator::refuse({400, "validation_error", "unsupported_model", "unsupported_model",
                               "This model is not served here; use the text-to-dialogue socket.", "model_id"}));
    }
    auto format = read_output_format(request.query());
    if (!format) return std::unexpected(std::move(format.error()));
    order.output_format = std::move(*format);
    order.auto_mode = given("auto_mode") == "true";
    order.sync_alignment = given("sync_alignment") == "true";
    order.inactivity_timeout = read_timeout(given("inactivity_timeout"));
    if (find_voice(order.voice_id) == nullptr) {
        order.refusal = {"voice_id_does_not_exist",
                         fmt::format("A voice with voice_id {} does not exist.", order.voice_id)};
    }
    return order;
}

StandinSocket::StandinSocket(net::EventLoop& loop, SpeechDesk& desk, SocketOrder order, std::uint32_t seed,
                             std::function<void()> gone)
    : loop_(loop),
      desk_(desk),
      order_(std::move(order)),
      seed_(seed),
      gone_(std::move(gone)),
      idle_(loop.timers(), [this] { idle_too_long(); }),
      close_(loop.timers(), [this] { socket_->close(close_with_.first, close_with_.second); }) {}

void StandinSocket::start(std::unique_ptr<net::Exchange::Upgraded> upgraded) {
    socket_ = std::make_unique<net::WebSocket>(
        std::move(upgraded->connection),
        net::WebSocket::Options{.role = websocket::Role::server, .message_bytes_max = message_bytes_max},
        static_cast<net::WebSocket::Handler&>(*this));
    idle_.arm(loop_.now() + order_.inactivity_timeout);
    if (order_.refusal) refuse(order_.refusal->first, order_.refusal->second);
    socket_->start(upgraded->early);
}

std::unique_ptr<StandinContext> StandinSocket::new_context(std::optional<std::string> id) {
    return std::make_unique<StandinContext>(loop_, desk_, static_cast<StandinContext::Owner&>(*this),
                                            StandinContext::Options{.voice_id = order_.voice_id,
                                                                    .output_format = order_.output_format,
                                                                    .auto_mode = order_.auto_mode,
                                                                    .every_frame_aligned = order_.sync_alignment,
                                                                    .context_id = std::move(id),
                                                                    .seed = seed_++});
}

bool StandinSocket::configure(StandinContext& context, const Message& message) {
    if (const auto* config = message.if_contains("generation_config"); config != nullptr && !config->is_null()) {
        auto schedule = read_schedule(*config);
        if (!schedule || !context.buffer().set_schedule(std::move(*schedule))) {
            refuse("invalid_generation_config", "chunk_length_schedule: each step must be between 50 and 500.");
            return false;
        }
    }
    const auto* settings = message.if_contains("voice_settings");
    if (settings == nullptr || !settings->is_object()) return true;
    const auto* speed = settings->get_object().if_contains("speed");
    if (speed == nullptr || speed->is_null()) return true;
    if (!speed->is_number() || speed->to_number<double>() < 0.7 || speed->to_number<double>() > 1.2) {
        refuse("invalid_voice_settings", "speed must be between 0.7 and 1.2.");
        return false;
    }
    context.set_speed(speed->to_number<double>());
    return true;
}

void StandinSocket::on_text(std::string_view text) {
    if (ending_) return;
    idle_.arm(loop_.now() + order_.inactivity_timeout);
    boost::system::error_code error;
    const auto parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object()) return refuse("invalid_message", "The message is not a JSON object.");
    on_message(parsed.get_object());
}

void StandinSocket::on_binary(std::span<const char>) {
    refuse("invalid_message", "Binary messages are not understood.");
}

void StandinSocket::idle_too_long() {
    refuse("input_timeout_exceeded", fmt::format("Have not received a new text input within the timeout of {}.0 "
                                                 "seconds. Streaming input terminated. Please make "
                                                 "sure to send new text input within the timeout.",
                                                 order_.inactivity_timeout.count()));
}

void StandinSocket::refuse(std::string_view error, std::string_view message, std::uint16_t code) {
    if (ending_) return;
    socket_->send_text(boost::json::serialize(Message{{"message", message}, {"error", error}, {"code", code}}));
    close_later(code, std::string(message), close_after_error);
}

void StandinSocket::close_later(std::uint16_t code, std::string reason, std::chrono::milliseconds delay) {
    ending_ = true;
    idle_.disarm();
    close_with_ = {code, std::move(reason)};
    close_.arm(loop_.now() + delay);
}

void StandinSocket::send_frame(std::string_view json) {
    if (!ending_) socket_->send_text(json);
}

void StandinSocket::strike(const Fault& fault) {
    if (ending_) return;
    switch (fault.socket) {
        case SocketEffect::refuse:
            return refuse(fault.error, fault.error, fault.close_code);
        case SocketEffect::close:
            return close_later(fault.close_code, "", std::chrono::milliseconds(0));
        case SocketEffect::deaf:
            socket_->pause_reading(true);
            return fall_silent();
        case SocketEffect::bad_frame:
            socket_->send_frames("\xf9\x05hello");  // a text with all reserved bits set
            return fall_silent();
        case SocketEffect::huge_frame:
            socket_->send_frames(huge_frame_begins());
            return fall_silent();
        case SocketEffect::drop:
            socket_->hang_up();
            return end();
        default:
            socket_->reset();
            return end();
    }
}

// The connection stays, and nothing more is said on it.
void StandinSocket::fall_silent() {
    ending_ = true;
    idle_.disarm();
}

void StandinSocket::on_closed(std::uint16_t, std::string_view) {
    end();
}

void StandinSocket::end() {
    ending_ = true;
    idle_.disarm();
    close_.disarm();
    if (gone_) std::exchange(gone_, nullptr)();
}

void StandinSingleSocket::on_message(const Message& message) {
    const auto text = text_in(message, "text");
    if (!text) return refuse("invalid_message", "text: Field required");
    if (!context_) {
        context_ = new_context(std::nullopt);
        settings_ = settings_of(message);
        if (!configure(*context_, message)) return;
    } else if (const auto settings = settings_of(message); !settings.empty() && settings != settings_) {
        return refuse("invalid_message",
                      "voice_settings field must be provided in the first message and then either be not provided or "
                      "not change.");
    }
    const bool now = true_in(message, "flush") || true_in(message, "try_trigger_generation");
    if (text->empty() && !now) return context_->close();
    context_->add(*text, now);
}

void StandinSingleSocket::finished(StandinContext&) {
    close_later(websocket::close_code::normal, "", close_after_final);
}

}  // namespace simulator
