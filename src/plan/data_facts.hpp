// What a look at the raw files tells about a study's data before a rank has read them. Once there
// is a store, its card tells more (store_card.hpp).
#pragma once

#include "plan/plan_job.hpp"

namespace temper {

// Counts lines (of files above 64 MiB those of 64 samples of 256 KiB), and reads some hundred of
// them for lengths and classes. `estimated` is set.
DataFacts estimate_facts(const DataSpec& data, std::int64_t max_length, bool classes);

}  // namespace temper
