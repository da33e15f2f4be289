#include "gateway/softphone.hpp"

#include "gateway/call_plan.hpp"
#include "gateway/json_body.hpp"
#include "gateway/loop_services.hpp"
#include "gateway/media_stream.hpp"
#include "gateway/webhook.hpp"
#include "twilio/e164.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

namespace gateway {

namespace json = boost::json;

namespace {

// What Twilio says of a caller that is a browser begins like this as well.
constexpr const char* caller_name = "client:console";
constexpr const char* direction_name = "browser";

std::string new_call_sid() {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) throw std::runtime_error("no random numbers");
    return fmt::format("CA{:02x}", fmt::join(random, ""));
}

struct Wish {
    std::string voice_id{}, to{};
};

std::expected<Wish, http::Response> read_wish_of(const http::Request& request, const Options& options) {
    const auto body = json_body(request);
    if (!body) return std::unexpected(body.error());
    Wish wish{.voice_id = {}, .to = options.phone_number.reveal()};
    if (auto fault = read_string(*body, "voice_id", wish.voice_id)) return std::unexpected(http::error(422, *fault));
    if (auto fault = read_string(*body, "to", wish.to)) return std::unexpected(http::error(422, *fault));
    if (!wish.voice_id.empty() && !is_voice_id(wish.voice_id))
        return std::unexpected(http::error(422, "voice_id may have letters, digits, '-' and '_', 64 at most."));
    if (!wish.to.empty() && !twilio::is_e164(wish.to))
        return std::unexpected(http::error(422, "to must be a telephone number such as +15551234567."));
    return wish;
}

http::Response turned_off() {
    return http::error(403, "The softphone is off; SOFTPHONE=on turns it on.");
}

// The fields a webhook of Twilio's would bring.
encoding::FormFields fields_of(const std::string& call_sid, const Wish& wish) {
    return {{"CallSid", call_sid}, {"From", caller_name}, {"To", wish.to}, {"Direction", "inbound"}};
}

}  // namespace

bool softphone_is_on(const Options& options) {
    if (options.softphone != SoftphoneChoice::on_loopback) return options.softphone == SoftphoneChoice::on;
    const auto address = net::IpAddress::of_endpoint(options.host);
    return options.host == "localhost" || (address && address->is_loopback());
}

void Softphone::call(const ExchangePointer& exchange) {
    Switchboard& all = loop_.switchboard;
    if (!softphone_is_on(all.options)) return exchange->answer(turned_off());
    const auto wish = read_wish_of(exchange->request(), all.options);
    if (!wish) return exchange->answer(wish.error());
    const std::string call_sid = new_call_sid();
    if (admission_.is_closed_to(call_sid)) return exchange->answer(http::error(503, "The server is draining."));
    if (admission_.loop_is_late()) {
        loop_.events.limits().reached(Limit::loop_lag);
        return exchange->answer(http::error(503, "The server has more to do than it can."));
    }
    encoding::FormFields query;
    if (!wish->voice_id.empty()) query.emplace_back("voice_id", wish->voice_id);
    const auto now = loop_.events.now();
    const auto settings = all.numbers.settings_for(wish->to);
    if (!all.number_places.take(wish->to, call_sid, settings->calls_max, now)) {
        loop_.events.limits().reached(Limit::calls_of_number);
        return exchange->answer(http::error(503, "This number has as many calls as it may have."));
    }
    const auto ticket = all.directory.announce(
        call_sid, all.options.account_sid, loop_.index,
        [&] { return Arrangement{.plan = plan_for_webhook(*settings, fields_of(call_sid, *wish), query)}; }, now,
        CallerKind::browser);
    if (!ticket) {
        loop_.events.limits().reached(Limit::calls);
        return exchange->answer(http::error(503, "There are as many calls as there may be."));
    }
    const std::string& voice_id = ticket->plan.speech.voice.id;
    all.calls.announced({.call_sid = call_sid,
                         .account_sid = all.options.account_sid,
                         .direction = direction_name,
                         .from = Secret(caller_name),
                         .to = Secret(wish->to),
                         .voice_id = voice_id},
                        now);
    all.events.changed(call_sid);
    loop_.prepared.begin(call_sid, ticket->plan.speech);
    spdlog::info("browser call announced call_sid={} voice={}", call_sid, voice_id);
    json::object parameters{{"token", ticket->token.reveal()}};
    if (!voice_id.empty()) parameters["voice_id"] = voice_id;
    exchange->answer(json_page(201, {{"call_sid", call_sid},
                                     {"account_sid", all.options.account_sid},
                                     {"connection", fmt::format("{}/softphone/connection", api_prefix)},
                                     {"parameters", std::move(parameters)}}));
}

void Softphone::connect(const ExchangePointer& exchange, const RequestOrigin& origin) {
    if (!softphone_is_on(loop_.switchboard.options)) return exchange->answer(turned_off());
    if (auto upgraded = exchange->upgrade())
        MediaStream::open(loop_, std::move(*upgraded), origin.client(), CallerKind::browser);
}

}  // namespace gateway
