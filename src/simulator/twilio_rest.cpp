#include "simulator/twilio_rest.hpp"

#include "simulator/call_order_reader.hpp"
#include "simulator/ordered_call.hpp"
#include "twilio/call_request.hpp"
#include "twilio/signature.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace simulator {

namespace json = boost::json;

namespace {

constexpr std::string_view prefix = "/2010-04-01/Accounts/";

std::shared_ptr<const net::Tls> authorities() {
    auto tls = net::Tls::client();
    if (!tls) throw std::runtime_error(tls.error());
    return std::move(*tls);
}

std::optional<Callee> read_callee(const json::object& wanted) {
    Callee callee;
    if (const auto* answer = wanted.if_contains("answer")) {
        const std::string name(answer->as_string());
        const auto status = name == "answer" ? twilio::CallStatus::in_progress : twilio::call_status(name);
        if (!status) return std::nullopt;
        callee.answer = *status;
    }
    if (const auto* disorder = wanted.if_contains("disorder")) callee.disorder = disorder->as_bool();
    if (const auto* ring = wanted.if_contains("ring_ms"))
        callee.ring_time = std::chrono::milliseconds(ring->to_number<int>());
    return callee;
}

}  // namespace

TwilioRest::TwilioRest(net::EventLoop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      client_(loop, {.user_agent = "TwilioProxy/1.1"}),
      authorities_(authorities()),
      server_(loop, net::HttpServer::Options{.host = options_.host},
              [this](const auto& exchange) { handle(exchange); }) {}

TwilioRest::~TwilioRest() = default;

void TwilioRest::handle(const std::shared_ptr<net::Exchange>& exchange) {
    const http::Request& request = exchange->request();
    if (request.path().starts_with("/standin/")) return exchange->answer(control(request));
    ++requests_;
    http::Response response = rest(request);
    response.headers.emplace_back("Twilio-Request-Id", new_sid("RQ", random_));
    response.headers.emplace_back("Twilio-Concurrent-Requests", "1");
    exchange->answer(response);
}

http::Response TwilioRest::refuse(int status, int code, std::string_view message) {
    http::Response response = http::json(
        json::serialize(json::object{{"code", code},
                                     {"message", message},
                                     {"more_info", fmt::format("https://www.twilio.com/docs/errors/{}", code)},
                                     {"status", status}}));
    response.status = status;
    return response;
}

http::Response TwilioRest::rest(const http::Request& request) {
    const std::string expected = twilio::basic_credentials(options_.account_sid, options_.auth_token);
    if (!twilio::equal_in_constant_time(expected, request.header("Authorization"))) {
        http::Response response = refuse(401, 20003, "Authenticate");
        response.headers.emplace_back("WWW-Authenticate", R"(Basic realm="Twilio API")");
        return response;
    }
    if (fault_.times > 0) {
        --fault_.times;
        http::Response response = refuse(fault_.status, fault_.code, "Too Many Requests");
        if (fault_.retry_after > 0) response.headers.emplace_back("Retry-After", std::to_string(fault_.retry_after));
        return response;
    }
    const std::string calls = fmt::format("{}{}/Calls", prefix, options_.account_sid);
    const std::string_view path = request.path();
    if (path == calls + ".json" && request.method == "POST") return create(request);
    if (path.starts_with(calls + "/") && path.ends_with(".json") && request.method == "GET") {
        const auto sid = path.substr(calls.size() + 1, path.size() - calls.size() - 6);
        if (const auto found = calls_.find(std::string(sid)); found != calls_.end())
            return http::json(json::serialize(describe(*found->second)));
    }
    return refuse(404, 20404, fmt::format("The requested resource {} was not found", path));
}

http::Response TwilioRest::create(const http::Request& request) {
    if (!request.header("Content-Type").starts_with("application/x-www-form-urlencoded"))
        return refuse(415, 20415, "Unsupported media type");
    auto order = read_call_order(encoding::parse_form(request.body).value_or(encoding::FormFields{}));
    if (!order) return refuse(400, order.error().code, order.error().text);
    CallPlan& plan = order->plan;
    plan.caller.account_sid = options_.account_sid;
    plan.caller.auth_token = options_.auth_token;
    plan.caller.call_sid = new_sid("CA", random_);
    plan.patience = options_.patience;
    const std::string sid = plan.caller.call_sid;
    const auto& call =
        calls_
            .emplace(sid, std::make_unique<OrderedCall>(Exchange{loop_, client_, authorities_, frames_, random_},
                                                        std::move(*order), callee_))
            .first->second;
    order_.push_back(sid);
    http::Response response = http::json(json::serialize(describe(*call)));
    response.status = 201;
    return response;
}

// The keys of the call resource, in Twilio's order.
json::object TwilioRest::describe(const OrderedCall& call) const {
    const Caller& caller = call.order().plan.caller;
    const std::string uri = fmt::format("{}{}/Calls/{}", prefix, caller.account_sid, caller.call_sid);
    return {{"sid", caller.call_sid},
            {"date_created", nullptr},
            {"date_updated", nullptr},
            {"parent_call_sid", nullptr},
            {"account_sid", caller.account_sid},
            {"to", caller.to},
            {"to_formatted", caller.to},
            {"from", caller.from},
            {"from_formatted", caller.from},
            {"phone_number_sid", nullptr},
            {"status", twilio::name_of(call.status())},
            {"start_time", nullptr},
            {"end_time", nullptr},
            {"duration", nullptr},
            {"price", nullptr},
            {"price_unit", "USD"},
            {"direction", "outbound-api"},
            {"answered_by", nullptr},
            {"api_version", "2010-04-01"},
            {"forwarded_from", nullptr},
            {"group_sid", nullptr},
            {"caller_name", nullptr},
            {"queue_time", "0"},
            {"trunk_sid", nullptr},
            {"uri", uri + ".json"},
            {"subresource_uris", json::object{{"recordings", uri + "/Recordings.json"}}}};
}

http::Response TwilioRest::control(const http::Request& request) {
    const std::string_view path = request.path();
    if (path == "/standin/calls" && request.method == "GET") {
        json::array calls;
        for (const std::string& sid : order_) {
            const OrderedCall& call = *calls_.at(sid);
            json::object entry = describe(call);
            entry["report"] = call.report() ? json::value(to_json(*call.report())) : json::value(nullptr);
            calls.push_back(std::move(entry));
        }
        return http::json(json::serialize(json::object{{"requests", requests_}, {"calls", std::move(calls)}}));
    }
    boost::system::error_code error;
    const json::value body = json::parse(request.body, error);
    if (error || !body.is_object()) return http::error(400, "The body must be a JSON object.");
    const json::object& wanted = body.get_object();
    const auto number = [&](const char* name) {
        const auto* value = wanted.if_contains(name);
        return value != nullptr && value->is_int64() ? static_cast<int>(value->get_int64()) : 0;
    };
    if (path == "/standin/faults") {
        fault_ = {number("status"), number("code"), std::max(1, number("times")), number("retry_after")};
        return http::json("{}");
    }
    const auto callee = read_callee(wanted);
    if (path != "/standin/callee" || !callee) return http::error(404, "Not Found");
    callee_ = *callee;
    return http::json("{}");
}

}  // namespace simulator
