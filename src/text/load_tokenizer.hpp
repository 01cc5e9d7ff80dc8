// The tokenizer of a model, whichever kind of file holds it.
//
//   const Tokenizer tokenizer = value_or_throw(load_tokenizer(files.tokenizer_file));
#pragma once

#include "text/tokenizer.hpp"

namespace temper {

// Of a tokenizer.json or a .gguf file, told apart by their first bytes.
Checked<Tokenizer> load_tokenizer(const std::filesystem::path& file);

}  // namespace temper
