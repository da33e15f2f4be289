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

    // Returns the passenger's seat. Thousands may board and leave at once: neither may look at all the others.
    std::size_t board(Passenger& passenger);
    void leave(const Passenger& passenger);  // may destroy this

    // The earliest need of all counts.
    void need_changed(Instant from, Instant to);

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
    void close_gaps();

    SingleFlight& owner_;
    std::string key_;
    std::vector<audio::Clip> chunks_;
    bool ended_ = false;
    std::optional<Failure> failure_;
    std::vector<Passenger*> seats_;  // null: has left
    std::size_t aboard_ = 0;
    std::size_t serving_ = 0;  // calls of serve() under way, during which everybody keeps the seat
    std::optional<Instant> earliest_need_;
    bool earliest_left_ = false;
    std::unique_ptr<Utterance> utterance_;
    Lifetime lifetime_;
};

// One request among those that share.
class SingleFlight::Passenger final : public Utterance {
public:
    Passenger(Flight& flight, Timers& timers, Listener& listener, bool late)
        : flight_(&flight), listener_(listener), need_(timers.now()), seat_(flight.board(*this)) {
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
        const Instant before = std::exchange(need_, when);
        if (flight_ != nullptr) flight_->need_changed(before, when);
    }
    Instant need() const { return need_; }
    std::size_t seat() const { return seat_; }
    void move_to(std::size_t seat) { seat_ = seat; }

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
    std::size_t seat_;
    std::size_t served_ = 0;
    std::unique_ptr<Timers::Timer> catch_up_;
    Lifetime lifetime_;
};

std::size_t SingleFlight::Flight::board(Passenger& passenger) {
    ++aboard_;
    seats_.push_back(&passenger);
    earliest_need_ = std::min(earliest_need_.value_or(passenger.need()), passenger.need());
    return seats_.size() - 1;
}

void SingleFlight::Flight::leave(const Passenger& passenger) {
    const std::size_t seat = passenger.seat();
    seats_[seat] = nullptr;
    earliest_left_ = earliest_left_ || passenger.need() == *earliest_need_;
    if (--aboard_ == 0) return owner_.remove(*this);
    if (serving_ > 0) return;
    seats_[seat] = std::exchange(seats_.back(), nullptr);
    seats_.pop_back();
    if (seat < seats_.size()) seats_[seat]->move_to(seat);
}

void SingleFlight::Flight::close_gaps() {
    std::erase(seats_, nullptr);
    for (std::size_t seat = 0; seat < seats_.size(); ++seat) seats_[seat]->move_to(seat);
}

// Passengers may leave while they are served, and the flight may end with the last of them.
void SingleFlight::Flight::serve() {
    const Lifetime::Watch watch(lifetime_);
    ++serving_;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        if (seats_[i] != nullptr) seats_[i]->serve();
        if (watch.ended()) return;
    }
    if (--serving_ == 0 && aboard_ < seats_.size()) close_gaps();
}

void SingleFlight::Flight::need_changed(Instant from, Instant to) {
    const bool earliest_went_up = from == *earliest_need_ && to > from;
    earliest_need_ = std::min(*earliest_need_, to);
    if (earliest_went_up || std::exchange(earliest_left_, false)) {
        earliest_need_ = to;
        for (const Passenger* passenger : seats_) {
            if (passenger != nullptr) earliest_need_ = std::min(*earliest_need_, passenger->need());
        }
    }
    if (utterance_) utterance_->needed_by(*earliest_need_);
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
