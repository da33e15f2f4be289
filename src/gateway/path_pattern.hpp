#pragma once
// Paths with one part that varies: "/calls/{sid}/say"; "/call/ended[/{sid}]" where it may be absent.

#include <optional>
#include <string_view>

namespace gateway {

// What stands at the braces; empty for a pattern without any. nullopt: the path is another one.
constexpr std::optional<std::string_view> match_path(std::string_view pattern, std::string_view path) {
    if (pattern.ends_with(']')) {
        const auto always = pattern.substr(0, pattern.find('['));
        if (path == always) return std::string_view{};
        const auto rest = pattern.substr(always.size() + 1);
        return path.starts_with(always) ? match_path(rest.substr(0, rest.size() - 1), path.substr(always.size()))
                                        : std::nullopt;
    }
    const auto open = pattern.find('{');
    if (open == std::string_view::npos) return path == pattern ? std::optional(std::string_view{}) : std::nullopt;
    const auto before = pattern.substr(0, open);
    const auto after = pattern.substr(pattern.find('}') + 1);
    if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after)) {
        return std::nullopt;
    }
    const auto part = path.substr(before.size(), path.size() - before.size() - after.size());
    if (part.contains('/')) return std::nullopt;
    return part;
}

}  // namespace gateway
