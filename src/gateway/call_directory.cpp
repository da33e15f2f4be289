#include "gateway/call_directory.hpp"

#include "encoding/base64.hpp"
#include "twilio/signature.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace gateway {

namespace {

// 144 random bits: nobody guesses a token in the two minutes it lives.
Secret new_token() {
    std::byte random[18];
    if (RAND_bytes(reinterpret_cast<unsigned char*>(random), sizeof random) != 1) {
        throw std::runtime_error("no random numbers");
    }
    return Secret(encoding::to_base64(random));
}

}  // namespace

const char* name_of(Refusal refusal) {
    switch (refusal) {
        case Refusal::no_token:
            return "no_token";
        case Refusal::wrong_token:
            return "wrong_token";
        case Refusal::wrong_account:
            return "wrong_account";
        case Refusal::call_has_a_stream:
            return "call_has_a_stream";
        case Refusal::too_many_calls:
            return "too_many_calls";
    }
    return "unknown";
}

CallDirectory::CallDirectory(Options options) : options_(std::move(options)), ending_order_(options_.endings_max) {}

std::optional<Ticket> CallDirectory::announce(const std::string& call_sid, const std::string& account_sid,
                                              std::size_t loop, const std::function<Arrangement()>& arrange,
                                              Instant now, CallerKind caller) {
    const std::scoped_lock lock(mutex_);
    forget_expired(now);
    if (const auto found = announced_.find(call_sid); found != announced_.end()) {
        Ticket again = found->second.ticket;
        again.repeated = true;
        return again;
    }
    const auto known = endings_.find(call_sid);
    const bool goes_on = known != endings_.end() && known->second.reconnects > 0;
    const bool full = stream_of_call_.size() + announced_.size() >= options_.streams_max;
    if (announced_.size() >= options_.tickets_max || (full && !goes_on)) return std::nullopt;
    Arrangement arranged = arrange();
    Ticket ticket{.token = arranged.token ? *std::move(arranged.token) : new_token(),
                  .plan = std::move(arranged.plan),
                  .loop = loop,
                  .caller = caller};
    const Instant expires = now + options_.ticket_life;
    announced_.emplace(call_sid, Announced{ticket, account_sid, expires});
    expiry_.emplace(expires, call_sid);
    return ticket;
}

bool CallDirectory::is_announced(const std::string& call_sid) const {
    const std::scoped_lock lock(mutex_);
    return announced_.contains(call_sid);
}

std::optional<call::CallPlan> CallDirectory::withdraw(const std::string& call_sid) {
    const std::scoped_lock lock(mutex_);
    const auto found = announced_.extract(call_sid);
    return found ? std::optional(std::move(found.mapped().ticket.plan)) : std::nullopt;
}

void CallDirectory::forget_expired(Instant now) {
    while (!expiry_.empty() && expiry_.begin()->first <= now) {
        const auto found = announced_.find(expiry_.begin()->second);
        if (found != announced_.end() && found->second.expires <= now) announced_.erase(found);
        expiry_.erase(expiry_.begin());
    }
    while (!spent_order_.empty() && spent_order_.front().first <= now) {
        spent_.erase(spent_order_.front().second);
        spent_order_.pop_front();
    }
}

void CallDirectory::spend(const std::string& token, Instant now) {
    if (spent_.insert(token).second) spent_order_.emplace_back(now + options_.ticket_life, token);
}

std::expected<Ticket, Refusal> CallDirectory::ticket_for(const twilio::Started& started, const std::string& token,
                                                         bool account_required, const ByPass& by_pass) const {
    const auto found = announced_.find(started.call_sid);
    const bool announced_here = found != announced_.end();
    if (announced_here && twilio::equal_in_constant_time(found->second.ticket.token.reveal(), token)) {
        if (account_required && found->second.account_sid != started.account_sid)
            return std::unexpected(Refusal::wrong_account);
        return found->second.ticket;
    }
    auto passed = by_pass && !spent_.contains(token) ? by_pass(token) : std::nullopt;
    if (!passed) return std::unexpected(Refusal::wrong_token);
    return announced_here ? found->second.ticket : *std::move(passed);
}

std::uint64_t CallDirectory::opened(std::string peer, CallerKind caller) {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t id = next_connection_id_++;
    streams_.emplace(id, OpenStream{.connection_id = id,
                                    .call_sid = {},
                                    .stream_sid = {},
                                    .peer = std::move(peer),
                                    .connected_at = std::chrono::system_clock::now(),
                                    .caller = caller});
    return id;
}

std::expected<std::optional<Ticket>, Refusal> CallDirectory::admit(std::uint64_t connection_id,
                                                                   const twilio::Started& started, Instant now,
                                                                   const ByPass& by_pass) {
    const std::scoped_lock lock(mutex_);
    forget_expired(now);
    OpenStream& stream = streams_.at(connection_id);
    const bool by_browser = stream.caller == CallerKind::browser;
    const bool token_required = options_.token_required || by_browser;
    if (token_required && !by_browser && !options_.account_sid.empty() && started.account_sid != options_.account_sid) {
        return std::unexpected(Refusal::wrong_account);
    }
    const auto token = encoding::find(started.custom_parameters, "token");
    if (!token && token_required) return std::unexpected(Refusal::no_token);

    std::optional<Ticket> ticket;
    const auto found = announced_.find(started.call_sid);
    // An announced call has its place. Sockets that have not said which call they are take none: they could keep real
    // calls out.
    if (found == announced_.end() && stream_of_call_.size() + announced_.size() >= options_.streams_max)
        return std::unexpected(Refusal::too_many_calls);
    // A token counts on the kind of socket it was made for: a page cannot speak for Twilio, nor Twilio for a page.
    if (found != announced_.end() && found->second.ticket.caller != stream.caller)
        return std::unexpected(Refusal::wrong_token);
    if (token) {
        auto given = ticket_for(started, std::string(*token), token_required, by_browser ? ByPass{} : by_pass);
        if (!given) return std::unexpected(given.error());
        ticket = *std::move(given);
    } else if (found != announced_.end()) {
        ticket = found->second.ticket;
    }
    if (stream_of_call_.contains(started.call_sid)) return std::unexpected(Refusal::call_has_a_stream);
    if (token) spend(std::string(*token), now);
    if (found != announced_.end()) announced_.erase(found);
    stream_of_call_.emplace(started.call_sid, connection_id);
    stream.call_sid = started.call_sid;
    stream.stream_sid = started.stream_sid;
    stream.announced = ticket.has_value() && !by_browser;
    ending_of(started.call_sid).outcome.reset();
    return ticket;
}

void CallDirectory::closed(std::uint64_t connection_id, std::optional<call::Outcome> outcome, Instant now) {
    const std::scoped_lock lock(mutex_);
    const auto stream = streams_.extract(connection_id);
    if (!stream || stream.mapped().call_sid.empty()) return;
    const std::string& call_sid = stream.mapped().call_sid;
    if (const auto found = stream_of_call_.find(call_sid);
        found != stream_of_call_.end() && found->second == connection_id) {
        stream_of_call_.erase(found);
        Ending& ending = ending_of(call_sid);
        ending.outcome = outcome;
        if (stream.mapped().announced && outcome != call::Outcome::caller_hung_up) ending.unasked_since = now;
    }
}

CallDirectory::Ending& CallDirectory::ending_of(const std::string& call_sid) {
    const auto [entry, fresh] = endings_.try_emplace(call_sid);
    if (fresh) {
        std::string& oldest = ending_order_[oldest_ending_];
        if (!oldest.empty()) endings_.erase(oldest);
        oldest = call_sid;
        oldest_ending_ = (oldest_ending_ + 1) % ending_order_.size();
    }
    return endings_.at(call_sid);
}

Aftermath CallDirectory::aftermath(const std::string& call_sid) {
    const std::scoped_lock lock(mutex_);
    Ending& ending = ending_of(call_sid);
    ending.unasked_since.reset();
    if (ending.outcome && ends_the_call(*ending.outcome)) return Aftermath::finished;
    // Twilio says the stream is over. Where we still think it lives, its socket is half dead: the call goes on with a
    // new one.
    if (!ending.outcome) stream_of_call_.erase(call_sid);
    return ++ending.reconnects > options_.reconnects_max ? Aftermath::given_up : Aftermath::lost;
}

bool CallDirectory::is_finished(const std::string& call_sid) const {
    const std::scoped_lock lock(mutex_);
    const auto ending = endings_.find(call_sid);
    return ending != endings_.end() && ending->second.outcome && ends_the_call(*ending->second.outcome);
}

bool CallDirectory::has_stream(const std::string& call_sid) const {
    const std::scoped_lock lock(mutex_);
    return stream_of_call_.contains(call_sid);
}

std::vector<OpenStream> CallDirectory::streams() const {
    const std::scoped_lock lock(mutex_);
    std::vector<OpenStream> open;
    open.reserve(streams_.size());
    for (const auto& [id, stream] : streams_) open.push_back(stream);
    return open;
}

std::size_t CallDirectory::stream_count() const {
    const std::scoped_lock lock(mutex_);
    return streams_.size();
}

std::size_t CallDirectory::announced_since(Instant when) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        announced_, [&](const auto& entry) { return entry.second.expires - options_.ticket_life >= when; }));
}

std::size_t CallDirectory::unasked_since(Instant when) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(endings_, [&](const auto& entry) { return entry.second.unasked_since >= when; }));
}

}  // namespace gateway
