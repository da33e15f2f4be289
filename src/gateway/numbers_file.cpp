#include "gateway/numbers_file.hpp"

#include "numbers/rules_file.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace gateway {

namespace {

std::vector<numbers::Mistake> rules_that_record(const numbers::Rules& rules) {
    std::vector<numbers::Mistake> found;
    for (const numbers::Rule& rule : rules.all()) {
        for (const numbers::Assignment& assignment : rule.assignments) {
            if (assignment.key->name == "record" && std::get<bool>(assignment.value))
                found.push_back({assignment.position, fmt::format("record of \"{}\" needs RECORDINGS_DIR", rule.fits)});
        }
    }
    return found;
}

}  // namespace

std::expected<numbers::Rules, std::string> read_numbers_file(const std::string& path, bool can_record) {
    const auto unreadable = [&] { return std::unexpected(fmt::format("{}: cannot be read", path)); };
    std::ifstream file(path, std::ios::binary);
    if (!file) return unreadable();
    std::string text(numbers::file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return unreadable();  // a directory, for one
    text.resize(static_cast<std::size_t>(file.gcount()));
    auto rules = numbers::read_rules(text);
    if (!rules) return std::unexpected(numbers::list_of(rules.error(), path));
    const auto mistakes = can_record ? std::vector<numbers::Mistake>() : rules_that_record(*rules);
    if (!mistakes.empty()) return std::unexpected(numbers::list_of(mistakes, path));
    return std::move(*rules);
}

NumbersFile::NumbersFile(std::string path, numbers::CallSettings servers, bool can_record)
    : path_(std::move(path)),
      servers_(std::make_shared<const numbers::CallSettings>(std::move(servers))),
      can_record_(can_record) {
    if (path_.empty()) return;
    auto rules = read_numbers_file(path_, can_record_);
    if (!rules) throw std::runtime_error("NUMBERS_FILE is wrong.\n" + rules.error());
    rules_ = std::make_shared<const numbers::Rules>(std::move(*rules));
}

std::shared_ptr<const numbers::Rules> NumbersFile::rules() const {
    const std::scoped_lock lock(mutex_);
    return rules_;
}

std::shared_ptr<const numbers::CallSettings> NumbersFile::settings_for(std::string_view number) const {
    const auto rules = this->rules();
    if (rules->all().empty()) return servers_;  // nothing is copied for a server that has one setting for all
    return std::make_shared<const numbers::CallSettings>(rules->settings_for(number, *servers_));
}

std::expected<std::size_t, std::string> NumbersFile::reload() {
    auto rules = read_numbers_file(path_, can_record_);
    if (!rules) {
        ++refused_;
        return std::unexpected(std::move(rules.error()));
    }
    ++renewed_;
    auto renewed = std::make_shared<const numbers::Rules>(std::move(*rules));
    const std::size_t count = renewed->all().size();
    const std::scoped_lock lock(mutex_);
    rules_ = std::move(renewed);
    return count;
}

}  // namespace gateway
