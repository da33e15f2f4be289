#include "call/plan.hpp"

#include <algorithm>
#include <string>

namespace call {

speech::Request Passage::rest() const {
    speech::Request request = speech;
    const std::string& text = speech.text.reveal();
    if (heard_bytes > 0) request.text = Secret(text.substr(std::min(heard_bytes, text.size())));
    return request;
}

std::vector<Passage> CallPlan::unheard() const {
    std::vector<Passage> all{message()};
    all.insert(all.end(), then.begin(), then.end());
    std::erase_if(all, [](const Passage& passage) { return passage.heard(); });
    return all;
}

speech::Request CallPlan::opening() const {
    if (heard_bytes == 0 && !speech.text.empty()) return speech;  // as nearly always
    const auto all = unheard();
    return all.empty() ? speech::Request{} : all.front().rest();
}

}  // namespace call
