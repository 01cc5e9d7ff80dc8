// Numbers and tables as a terminal of 80 columns shows them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace temper {

std::string grouped(std::int64_t number);    // 65,467
std::string bytes_text(std::int64_t bytes);  // "43.3 MiB"
std::string flops_text(double flops);        // "67.3 MFLOP"
std::string padded(std::string text, std::size_t width);
std::string padded_left(std::string text, std::size_t width);
// Words wrapped at 80 columns: the first line begins with `first`, the others with `indent` blanks.
std::string wrapped(const std::string& first, const std::string& text, std::size_t indent);

}  // namespace temper
