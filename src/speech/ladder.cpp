#include "speech/ladder.hpp"

#include "speech/spoken_message.hpp"

#include <stdexcept>

namespace speech {

Ladder::Ladder(std::vector<Rung> rungs, SpeechSource* apology, Timers& timers, LadderOptions options)
    : rungs_(std::move(rungs)),
      apology_(apology),
      timers_(timers),
      options_(std::move(options)),
      cutter_(options_.sentences),
      random_(options_.seed) {
    if (rungs_.empty() || rungs_.size() > rungs_max) throw std::invalid_argument("a speech ladder needs 1 to 32 rungs");
}

std::unique_ptr<Utterance> Ladder::say(const Request& request, Listener& listener) {
    MessageState state{.options = options_,
                       .rungs = rungs_,
                       .timers = timers_,
                       .words = words_,
                       .random = random_,
                       .memory = RungMemory(rungs_, request.voice, standard_voice()),
                       .rates = rates_,
                       .report = {},
                       .runs_dry_at = timers_.now(),
                       .heard_any = false,
                       .silence = {}};
    return std::make_unique<SpokenMessage>(std::move(state), request, cutter_, apology_, listener);
}

std::vector<Request> Ladder::best_requests(const Request& request) {
    const Voice voice = voice_on(rungs_.front(), request.voice, standard_voice());
    std::vector<Request> requests;
    for (const std::string_view sentence : cutter_.cut(request.text.reveal())) {
        Request& one = requests.emplace_back();
        one.text = Secret(std::string(sentence));
        one.voice = voice;
    }
    return requests;
}

}  // namespace speech
