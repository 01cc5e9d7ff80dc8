// What `temper model show` says of a model.
#pragma once

#include <filesystem>
#include <string>

#include "core/json.hpp"

namespace temper {

// Family, shape, parameters, dtypes, tokenizer, template, context, memory of training. Throws
// BadInput with all problems of the model.
Json model_facts(const std::filesystem::path& model);

// The same for a terminal.
std::string model_text(const Json& facts);

}  // namespace temper
