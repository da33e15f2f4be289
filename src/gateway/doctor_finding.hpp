#pragma once
// One thing the doctor looked at, and what it saw there.

#include <string>
#include <utility>
#include <vector>

namespace gateway {

enum class Verdict {
    ok,
    problem,      // calls will suffer from it
    cannot_tell,  // a permission is missing, or somebody did not answer
};

struct Finding {
    std::string check;  // "public URL": what was looked at
    Verdict verdict = Verdict::ok;
    std::string says;    // a sentence or two, without anything secret
    std::string advice;  // what to do about it; empty when there is nothing to do
};
using Findings = std::vector<Finding>;

inline Finding ok(std::string check, std::string says, std::string advice = {}) {
    return {std::move(check), Verdict::ok, std::move(says), std::move(advice)};
}
inline Finding problem(std::string check, std::string says, std::string advice) {
    return {std::move(check), Verdict::problem, std::move(says), std::move(advice)};
}
inline Finding cannot_tell(std::string check, std::string says, std::string advice = {}) {
    return {std::move(check), Verdict::cannot_tell, std::move(says), std::move(advice)};
}

}  // namespace gateway
