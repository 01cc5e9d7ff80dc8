// A token store for a terminal of 80 columns. Pure.
#pragma once

#include <string>

#include "plan/store_card.hpp"

namespace temper {

// `inspected`: what temper-rank inspect printed, of which the samples are shown.
std::string data_text(const std::string& path, const StoreCard& card, const Json& inspected);

}  // namespace temper
