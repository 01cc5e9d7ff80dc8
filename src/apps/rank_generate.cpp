// temper-rank generate: answers to a file of prompts, dealt over the ranks.
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <optional>

#include "apps/rank_command.hpp"
#include "core/file.hpp"
#include "generate/answers.hpp"
#include "generate/inference_model.hpp"
#include "plan/model_files.hpp"
#include "plan/plan_job.hpp"
#include "plan/run_spec_keys.hpp"
#include "text/load_tokenizer.hpp"
#include "text/special_tokens.hpp"
#include "train/compute_session.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Request {
  fs::path model, prompts;
  std::string precision = "bf16";
  std::int64_t threads = 0, seed = 42;
  GenerationSpec generation;
};

Request read_request(const fs::path& path) {
  const Json json = value_or_throw(read_json_file(path));
  Request request;
  const auto text = [&](const char* key) {
    if (!json.contains(key) || !json[key].is_string())
      throw BadInput(Problem{path.string(), std::string("lacks the text \"") + key + "\"", "", ""});
    return json[key].get<std::string>();
  };
  request.model = text("model"), request.prompts = text("prompts");
  request.precision = json.value("precision", request.precision);
  request.threads = json.value("threads", request.threads);
  request.seed = json.value("seed", request.seed);
  if (json.contains("generation")) {
    const RunSpec spec =
        value_or_throw(run_spec_from_json(Json{{"generation", json["generation"]}}));
    request.generation = spec.generation;
  }
  return request;
}

// A line's prompt as tokens: its text, or its messages by the model's template, encoded as training
// rows are.
class PromptEncoder {
 public:
  PromptEncoder(const ModelFiles& files, const Tokenizer& tokenizer)
      : tokenizer_(tokenizer), scratch_(tokenizer.make_scratch()) {
    if (files.chat_template.empty()) return;
    chat_.emplace(value_or_throw(ChatTemplate::parse(files.chat_template, "the chat template")));
    const Json named = special_tokens(files);
    options_ = chat_options(named, tokenizer);
    options_.add_generation_prompt = true;
    const std::int32_t begin = special_token(named, "bos_token", tokenizer, {});
    if (surroundings_of(tokenizer).begin_with(begin)) begin_ = begin;
  }
  std::vector<std::int32_t> encode(const Json& line, const std::string& where) {
    std::vector<std::int32_t> ids;
    if (line.contains("prompt") && line["prompt"].is_string()) {
      tokenizer_.encode(line["prompt"].get<std::string>(), {}, *scratch_, ids);
      return ids;
    }
    if (!line.contains("messages"))
      throw BadInput(Problem{where, "has neither \"prompt\" nor \"messages\"", "", ""});
    if (!chat_)
      throw BadInput(Problem{where, "has messages, and the model has no chat template", "",
                             "Give the text as \"prompt\"."});
    const RenderedChat rendered = chat_->render(line["messages"], options_);
    tokenizer_.encode(rendered.text,
                      {.add_special_tokens = false, .plain = plain_regions(rendered)}, *scratch_,
                      ids);
    if (begin_ >= 0 && (ids.empty() || ids.front() != begin_)) ids.insert(ids.begin(), begin_);
    return ids;
  }

 private:
  const Tokenizer& tokenizer_;
  std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> scratch_;
  std::optional<ChatTemplate> chat_;
  ChatOptions options_;
  std::int32_t begin_ = -1;  // that every text begins with; -1: none
};

std::vector<Prompt> read_prompts(const Request& request, const ModelFiles& files,
                                 const Tokenizer& tokenizer) {
  const std::string all = value_or_throw(read_text_file(request.prompts));
  PromptEncoder encoder(files, tokenizer);
  std::vector<Prompt> prompts;
  std::int64_t number = 0;
  for (std::size_t begin = 0; begin < all.size(); ++number) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string line = all.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) continue;
    const std::string where = request.prompts.string() + ":" + std::to_string(number + 1);
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) throw BadInput(Problem{where, "is no JSON object", "", ""});
    prompts.push_back({encoder.encode(json, where), std::uint32_t(number)});
  }
  return prompts;
}

}  // namespace

Outcome run_rank_generate(const Group& world, const fs::path& request_path, const fs::path& out) {
  Request request;
  run_agreed(world, "reading the request", [&] { request = read_request(request_path); });
  const ComputeSession session(int(request.threads > 0 ? request.threads : this_machine().cores));
  const c10::InferenceMode inference;
  std::optional<InferenceModel> model;
  std::optional<Tokenizer> tokenizer;
  std::vector<Prompt> mine;
  std::vector<std::size_t> places;
  std::vector<std::int32_t> stop_ids;
  const double begun = now();
  run_agreed(world, "loading the model", [&] {
    const ModelFiles files = value_or_throw(read_model_files(request.model));
    tokenizer.emplace(value_or_throw(load_tokenizer(files.tokenizer_file)));
    stop_ids = stop_ids_of(files, files.chat_template, *tokenizer);
    model.emplace(request.model, request.precision == "bf16"   ? at::kBFloat16
                                 : request.precision == "fp64" ? at::kDouble
                                                               : at::kFloat);
    std::vector<Prompt> all = read_prompts(request, files, *tokenizer);
    for (std::size_t i = std::size_t(world.rank()); i < all.size();
         i += std::size_t(world.size())) {
      places.push_back(i);
      mine.push_back(std::move(all[i]));
    }
  });
  const double loaded = now();
  std::vector<Generated> answers;
  const GenerationSpec& spec = request.generation;
  run_agreed(world, "generating", [&] {
    answers = generate(model->stage(), model->head(), mine,
                       generation_options(spec, std::uint64_t(request.seed), stop_ids, *tokenizer));
  });
  const double seconds = now() - loaded;
  std::int64_t tokens = 0;
  Json told = Json::array();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    tokens += std::int64_t(answers[i].ids.size()) + answers[i].stopped;
    told.push_back(
        {places[i], Json{{"text", answer_text(*tokenizer, answers[i].ids, spec.stop_strings)},
                         {"ids", answers[i].ids},
                         {"prompt_tokens", mine[i].ids.size()},
                         {"finish_reason", answers[i].stopped ? "stop" : "length"}}
                        .dump()});
  }
  world.all_reduce_sum(&tokens, 1, Dtype::i64);
  std::vector<std::string> lines(std::size_t(0));
  for (const std::string& text : world.all_gather_text(told.dump()))
    for (const Json& one : Json::parse(text)) {
      const auto place = one[0].get<std::size_t>();
      if (lines.size() <= place) lines.resize(place + 1);
      lines[place] = one[1].get<std::string>();
    }
  run_agreed(world, "writing the answers", [&] {
    if (world.rank() != 0) return;
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    write_file_atomically(out, all);
    std::printf("%s\n", Json{{"prompts", lines.size()},
                             {"new_tokens", tokens},
                             {"load_seconds", loaded - begun},
                             {"generate_seconds", seconds},
                             {"tokens_per_second", double(tokens) / seconds}}
                            .dump()
                            .c_str());
  });
  return Outcome::done;
}

}  // namespace temper
