#pragma once
// LOG_FORMAT=json: the same log, one JSON object a line. docs/log.md describes the lines; every one is words that name
// the event, then fields:
//
//   stream closed connection=1 outcome=completed sent_s=2.26
//   {"time":"2026-11-26T00:03:46.639Z","level":"info","event":"stream
//   closed","connection":1,"outcome":"completed","sent_s":2.26}

#include <spdlog/formatter.h>

#include <memory>
#include <string>
#include <string_view>

// The object's members for a message, with a comma before each: ,"event":"stream closed","connection":1. A value that
// reads as a number or truth value is one; a quoted value is text.
std::string json_members(std::string_view message);

std::unique_ptr<spdlog::formatter> make_json_log_formatter();
