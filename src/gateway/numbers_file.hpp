#pragma once
// NUMBERS_FILE while the server runs: what each number gets (numbers/rules.hpp), read anew as a whole. A file with a
// mistake changes nothing; calls that run keep what they began with.

#include "numbers/rules.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace gateway {

// The error is a list, one mistake a line, without an end of line behind the last. It is one to record without a place
// for recordings.
std::expected<numbers::Rules, std::string> read_numbers_file(const std::string& path, bool can_record);

// Asked by every loop, once or twice a call.
class NumbersFile {
public:
    // Throws when there is a file and it has a mistake. `servers` counts where no rule has a say.
    NumbersFile(std::string path, numbers::CallSettings servers, bool can_record);

    // `number` is ours: called, or calling.
    std::shared_ptr<const numbers::CallSettings> settings_for(std::string_view number) const;

    // Returns how many rules there are now.
    std::expected<std::size_t, std::string> reload();

    const std::string& path() const { return path_; }  // empty: there is none
    const numbers::CallSettings& servers() const { return *servers_; }
    std::shared_ptr<const numbers::Rules> rules() const;

    // For the metrics, from any thread.
    std::uint64_t renewed() const { return renewed_; }
    std::uint64_t refused() const { return refused_; }

private:
    const std::string path_;
    const std::shared_ptr<const numbers::CallSettings> servers_;
    const bool can_record_;
    mutable std::mutex mutex_;
    std::shared_ptr<const numbers::Rules> rules_ = std::make_shared<const numbers::Rules>();
    std::atomic<std::uint64_t> renewed_ = 0, refused_ = 0;
};

}  // namespace gateway
