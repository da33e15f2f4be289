#pragma once
// The console: the page at / and what belongs to it under /console/, assets/console as it was when the program was
// built. The page says nothing that is of use to a stranger; what it asks for needs the API key like everything else.

#include "http/message.hpp"

#include <span>
#include <string_view>

namespace gateway {

struct ConsoleFile {
    std::string_view name, content_type, content;
};
std::span<const ConsoleFile> console_files();

http::Response console_page(const http::Request& request);                         // GET /
http::Response console_file(const http::Request& request, std::string_view name);  // GET /console/{file}

}  // namespace gateway
