#pragma once
// What the program says about itself: mouthpiece --help, from which help2man makes the manual page, and mouthpiece
// settings.

#include <string>
#include <string_view>

std::string help_text(std::string_view version);

// Every setting as a comment in a .env file, for an editor.
std::string settings_file();
