// The model card of a study's result, from the files of its folder.
#pragma once

#include <filesystem>
#include <string>

#include "io/export/model_card.hpp"

namespace temper {

bool is_study(const std::filesystem::path& folder);

// The exported model of the study's best trial. Throws BadInput when none is decided.
std::filesystem::path best_model_of(const std::filesystem::path& study);

// Data, settings, scores (with intervals where the report was written) and hashes of the best
// trial. Throws BadInput.
ModelCard study_card(const std::filesystem::path& study, const std::string& library);

}  // namespace temper
