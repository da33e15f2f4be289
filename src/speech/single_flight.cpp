#include "speech/single_flight.hpp"

#include "speech/lifetime.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace speech {

// The one request made for several.
class SingleFlight::Flight final : public Listener {
public:
    Flight(SingleFlight& owner, std::string key) : owner_(owner), key_(std::move(key)) {}

    const std::string& key() const { return key_; }
    void depart(const Request& request) { utterance_ = owner_.source_.say(request, *this); }

    void board(Passenger& passenger) { passengers_.push_back(&passenger); }
    void leave(const Passenger& passenger);  // may destroy this

    // The earliest need of all counts.
    void needed_by_changed();

    const std::vector<audio::Clip>& chunks() const { return chunks_; }
    bool ended() const { return ended_; }
    const std::optional<Failure>& failure() const { return failure_; }

private:
    void on_audio(audio::Clip clip) override {
        chunks_.push_back(std::move(clip));
        serve();
    }
    void on_finished() override { land(); }
    void on_failed(Failure failure) override {
        failure_ = std::move(failure);
        land();
    }

    void land() {
        ended_ = true;
        owner_.close(*this);
        serve();
    }
    void serve();

    SingleFlight& owner_;
    std::string key_;
    std::vector<audio::Clip> chunks_;
    bool ended_ = false;
    std::optional<Failure> failure_;
    std::vector<Passenger*> passengers_;  // null: has left
    std::size_t serving_ = 0;             // calls of serve() under way, during which the list keeps its places
    std::unique_ptr<Utterance> utterance_;
    Lifetime lifetime_;
};

// One request among those that share.
class SingleFlight::Passenger final : public Utterance {
public:
    Passenger(Flight& flight, Timers& timers, Listener& listener, bool late)
        : flight_(&flight), listener_(listener), need_(timers.now()) {
        flight.board(*this);
        // What has come before must not be handed over from inside say().
        if (late) {
            catch_up_ = timers.after(std::chrono::milliseconds{0}, [this] {
                catch_up_.reset();
                serve();
            });
        }
    }

    ~Passenger() override {
        if (flight_ != nullptr) flight_->leave(*this);
    }

    void needed_by(Instant when) override {
        need_ = when;
        if (flight_ != nullptr) flight_->needed_by_changed();
    }
    Instant need() const { return need_; }

    void serve() {
        if (catch_up_) return;
        const Lifetime::Watch watch(lifetime_);
        while (served_ < flight_->chunks().size()) {
            listener_.on_audio(flight_->chunks()[served_++]);
            if (watch.ended()) return;
        }
        if (!flight_->ended()) return;
        const std::optional<Failure> failure = flight_->failure();
        std::exchange(flight_, nullptr)->leave(*this);
        if (failure) {
            listener_.on_failed(*failure);
        } else {
            listener_.on_finished();
        }
    }

private:
    Flight* flight_;
    Listener& listener_;
    Instant need_;
    std::size_t served_ = 0;
    std::unique_ptr<Timers::Timer> catch_up_;
    Lifetime lifetime_;
};

void SingleFlight::Flight::leave(const Passenger& passenger) {
    std::ranges::replace(passengers_, &passenger, nullptr);
    if (serving_ == 0) std::erase(passengers_, nullptr);
    if (std::ranges::all_of(passengers_, [](const Passenger* p) { return p == nullptr; })) owner_.remove(*this);
}

// Passengers may leave while they are served, and the flight may end with the last of them.
void SingleFlight::Flight::serve() {
    const Lifetime::Watch watch(lifetime_);
    ++serving_;
    for (std::size_t i = 0; i < passengers_.size(); ++i) {
        if (passengers_[i] != nullptr) passengers_[i]->serve();
        if (watch.ended()) return;
    }
    if (--serving_ == 0) std::erase(passengers_, nullptr);
}

void SingleFlight::Flight::needed_by_changed() {
    std::optional<Instant> earliest;
    for (const Passenger* passenger : passengers_) {
        if (passenger != nullptr) earliest = std::min(earliest.value_or(passenger->need()), passenger->need());
    }
    if (earliest && utterance_) utterance_->needed_by(*earliest);
}

SingleFlight::SingleFlight(SpeechSource& source, Timers& timers) : source_(source), timers_(timers) {}
SingleFlight::~SingleFlight() = default;

std::unique_ptr<Utterance> SingleFlight::say(const Request& request, Listener& listener) {
    const std::string key = ClipKey{{}, request.text, request.voice}.canonical().reveal();
    if (const auto under_way = open_.find(key); under_way != open_.end()) {
        return std::make_unique<Passenger>(*under_way->second, timers_, listener, true);
    }
    auto created = std::make_unique<Flight>(*this, key);
    Flight& flight = *created;
    flights_.emplace(&flight, std::move(created));
    open_.emplace(key, &flight);
    auto passenger = std::make_unique<Passenger>(flight, timers_, listener, false);
    flight.depart(request);
    return passenger;
}

void SingleFlight::close(const Flight& flight) {
    const auto found = open_.find(flight.key());
    if (found != open_.end() && found->second == &flight) open_.erase(found);
}

void SingleFlight::remove(const Flight& flight) {
    close(flight);
    flights_.erase(&flight);
}

}  // namespace speech
