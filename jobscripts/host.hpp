// This computer and its clock, as results name them.
#pragma once

#include <string>

namespace temper {

std::string host_name();
// "2026-11-24T21:50:03Z".
std::string utc_now();
// Seconds since 1970 of such a text; 0 when it is none.
double seconds_of_utc(const std::string& time);

}  // namespace temper
