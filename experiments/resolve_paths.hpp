// From the paths and names of a manifest to absolute paths: relative to the file that says them,
// globs expanded, models looked up on the shelf.
#pragma once

#include <filesystem>
#include <string>

#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

// Where models lie that are named and not given as a folder: $TEMPER_PREFIX/models, else
// $XDG_CACHE_HOME/temper/models, else ~/.cache/temper/models.
std::filesystem::path model_shelf();

// Replaces the paths in `value`, if `key` takes any: model.model_name_or_path, model.tokenizer,
// data.{train,validation,test}_file (always a list afterwards, each glob's files sorted),
// data.store_dir. Values of a wrong type are left alone. Problems: what does not exist, with
// what is there instead. `where` of a problem is the key.
Problems resolve_paths(const std::string& key, const std::filesystem::path& folder, Json& value);

// Keys whose values are read as files, so that contents, not places, are their identity.
bool is_input_key(const std::string& key);

}  // namespace temper
