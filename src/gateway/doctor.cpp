#include "gateway/doctor.hpp"

#include "gateway/doctor_account.hpp"
#include "gateway/doctor_certificate.hpp"
#include "gateway/doctor_machine.hpp"
#include "gateway/doctor_socket.hpp"
#include "gateway/doctor_twilio.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <string_view>

namespace gateway {

namespace {

const char* name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::problem:
            return "problem";
        case Verdict::cannot_tell:
            return "cannot tell";
        case Verdict::ok:
            break;
    }
    return "ok";
}

std::ptrdiff_t count(const Findings& findings, Verdict verdict) {
    return std::ranges::count(findings, verdict, &Finding::verdict);
}

void append(Findings& all, Findings more) {
    std::ranges::move(more, std::back_inserter(all));
}

}  // namespace

DoctorFlags take_doctor_flags(std::vector<const char*>& arguments) {
    const auto take = [&](std::string_view flag) {
        return std::erase_if(arguments, [&](const char* text) { return text == flag; }) > 0;
    };
    DoctorFlags flags;
    flags.spend = take("--spend");
    flags.json = take("--json");
    return flags;
}

Findings examine(net::EventLoop& loop, const Options& options, bool spend) {
    Fetcher fetcher(loop);
    Findings all{ok("configuration", "It can be read.")};
    auto [port, running_here] = examine_port(fetcher, options);
    all.push_back(std::move(port));
    all.push_back(examine_certificate(options, std::chrono::system_clock::now()));
    all.push_back(examine_embedded_voice());
    all.push_back(examine_cache(options));
    append(all, examine_numbers(options));
    append(all, examine_account(fetcher, options, spend));
    append(all, examine_socket(loop, options));
    append(all, examine_twilio_settings(options));
    append(all, examine_public_url(fetcher, options, running_here));
    all.push_back(fetcher.time_told() ? examine_clock(fetcher.time_told()->date_header, fetcher.time_told()->heard)
                                      : cannot_tell("clock", "Nobody who was asked said what time it is."));
    return all;
}

std::string render_text(const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings) {
        text += fmt::format("{:<12} {:<15} {}{}{}\n", name_of(finding.verdict), finding.check, finding.says,
                            finding.advice.empty() ? "" : " -> ", finding.advice);
    }
    const auto problems = count(findings, Verdict::problem), open = count(findings, Verdict::cannot_tell);
    return text +
           fmt::format("{} problem{}, {} that cannot be told from here.\n", problems, problems == 1 ? "" : "s", open);
}

std::string render_json(const Findings& findings) {
    boost::json::array checks;
    for (const Finding& finding : findings) {
        checks.push_back(boost::json::object{{"check", finding.check},
                                             {"verdict", name_of(finding.verdict)},
                                             {"says", finding.says},
                                             {"advice", finding.advice}});
    }
    const auto problems = count(findings, Verdict::problem), open = count(findings, Verdict::cannot_tell);
    return boost::json::serialize(
               boost::json::object{{"problems", problems}, {"cannot_tell", open}, {"checks", std::move(checks)}}) +
           "\n";
}

int run_doctor(const std::expected<Options, std::string>& options, DoctorFlags flags) {
    Findings findings;
    if (options) {
        net::EventLoop loop;
        findings = examine(loop, *options, flags.spend);
    } else {
        findings.push_back(
            problem("configuration", options.error(), "mouthpiece serve --help describes every setting."));
    }
    const std::string report = flags.json ? render_json(findings) : render_text(findings);
    std::fputs(report.c_str(), stdout);
    return count(findings, Verdict::problem) > 0 ? 1 : 0;
}

}  // namespace gateway
