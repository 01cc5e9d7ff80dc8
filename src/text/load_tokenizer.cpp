#include "text/load_tokenizer.hpp"

#include <fstream>

#include "text/gguf_tokenizer.hpp"

namespace temper {

namespace {

bool is_gguf(const std::filesystem::path& file) {
  char magic[4] = {};
  std::ifstream(file, std::ios::binary).read(magic, sizeof magic);
  return std::string_view(magic, sizeof magic) == "GGUF";
}

}  // namespace

Checked<Tokenizer> load_tokenizer(const std::filesystem::path& file) {
  if (!is_gguf(file)) return Tokenizer::load(file);
  const Checked<GgufHeader> header = read_gguf_header(file);
  if (!header) return header.problems();
  const Checked<Json> json = tokenizer_json_of(header.value());
  if (!json) return json.problems();
  return Tokenizer::from_json(json.value(), file.string());
}

}  // namespace temper
