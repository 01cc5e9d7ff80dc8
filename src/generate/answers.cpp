#include "generate/answers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include "analysis/text_scores.hpp"
#include "core/json.hpp"
#include "text/special_tokens.hpp"

namespace temper {

namespace {

// The first stop string in the text; npos without one.
std::size_t stop_place(const std::string& text, const std::vector<std::string>& stop_strings) {
  std::size_t first = std::string::npos;
  for (const std::string& stop : stop_strings)
    if (!stop.empty()) first = std::min(first, text.find(stop));
  return first;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \n\t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \n\t\r") + 1 - begin);
}

void add_ids(const Json& value, std::vector<std::int32_t>& ids) {
  if (value.is_number_integer()) ids.push_back(value.get<std::int32_t>());
  if (value.is_array())
    for (const Json& one : value) add_ids(one, ids);
}

}  // namespace

Question question_of(const DocumentSource& split, std::int64_t document) {
  const auto length = std::size_t(split.length(document));
  std::vector<std::int32_t> ids(length);
  std::vector<std::uint8_t> marks(length);
  split.read_tokens(document, ids.data(), nullptr);
  split.read_marks(document, marks.data());
  std::size_t first = 0;
  while (first < length && (marks[first] & kTrained) == 0) ++first;
  std::size_t last = first;
  while (last < length && (marks[last] & kTrained) != 0) ++last;
  const auto at = [&](std::size_t i) { return ids.begin() + std::ptrdiff_t(i); };
  return {{ids.begin(), at(first)}, {at(first), at(last)}};
}

GenerationOptions generation_options(const GenerationSpec& spec, std::uint64_t seed,
                                     std::vector<std::int32_t> stop_ids,
                                     const Tokenizer& tokenizer) {
  GenerationOptions options;
  options.sampling = {.do_sample = spec.do_sample,
                      .temperature = spec.temperature,
                      .top_k = spec.top_k,
                      .top_p = spec.top_p,
                      .repetition_penalty = spec.repetition_penalty,
                      .seed = seed};
  options.max_new_tokens = spec.max_new_tokens, options.slots = spec.batch_size;
  options.stop_ids = std::move(stop_ids);
  if (!spec.stop_strings.empty())
    options.stops = [&tokenizer, strings = spec.stop_strings](
                        std::size_t, const std::vector<std::int32_t>& ids) {
      return stop_place(tokenizer.decode(ids, true), strings) != std::string::npos;
    };
  return options;
}

std::string answer_text(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids,
                        const std::vector<std::string>& stop_strings) {
  const std::string text = tokenizer.decode(ids, true);
  return trimmed(text.substr(0, stop_place(text, stop_strings)));
}

std::vector<std::int32_t> stop_ids_of(const ModelFiles& files, const std::string& chat_template,
                                      const Tokenizer& tokenizer) {
  std::vector<std::int32_t> ids;
  for (const Json* source : {&files.generation_config, &files.config})
    if (source->is_object() && source->contains("eos_token_id"))
      add_ids((*source)["eos_token_id"], ids);
  if (!chat_template.empty()) {
    const ChatTemplate chat = value_or_throw(ChatTemplate::parse(chat_template, "chat template"));
    for (const std::string& end :
         chat.turn_marks(chat_options(special_tokens(files), tokenizer)).end_tokens)
      if (const std::int32_t id = tokenizer.id(end); id >= 0) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

Answers answer_split(const Stage& stage, const Head& head, const DocumentSource& split,
                     const std::vector<std::int64_t>& rows, const Tokenizer& tokenizer,
                     const GenerationOptions& options, const std::vector<std::string>& stop_strings,
                     const Group& dp) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Prompt> prompts;
  std::vector<Question> questions;
  std::vector<std::size_t> places;
  for (std::size_t i = std::size_t(dp.rank()); i < rows.size(); i += std::size_t(dp.size())) {
    Question question = question_of(split, rows[i]);
    if (question.prompt.empty() || question.reference.empty()) continue;
    prompts.push_back({question.prompt, std::uint32_t(rows[i])});
    questions.push_back(std::move(question));
    places.push_back(i);
  }
  std::vector<Generated> answers;
  run_agreed(dp, "generating", [&] { answers = generate(stage, head, prompts, options); });
  std::array<double, 4> sums{};  // rows, exact match, F1, ROUGE-L
  Json mine = Json::array();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string reference = answer_text(tokenizer, questions[i].reference, {}),
                      answer = answer_text(tokenizer, answers[i].ids, stop_strings);
    const double exact = exact_match(answer, reference), f1 = token_f1(answer, reference),
                 rouge = rouge_l(answer, reference).f1;
    sums[0] += 1, sums[1] += exact, sums[2] += f1, sums[3] += rouge;
    mine.push_back({places[i], Json{{"id", split.id(rows[places[i]])},
                                    {"prompt", tokenizer.decode(questions[i].prompt, false)},
                                    {"reference", reference},
                                    {"answer", answer},
                                    {"stopped", answers[i].stopped},
                                    {"exact_match", exact},
                                    {"token_f1", f1},
                                    {"rouge_l", rouge}}
                                   .dump()});
  }
  dp.all_reduce_sum(sums.data(), std::int64_t(sums.size()), Dtype::f64);
  Answers result;
  if (sums[0] > 0)
    result.metrics = {{"exact_match", sums[1] / sums[0]},
                      {"token_f1", sums[2] / sums[0]},
                      {"rouge_l", sums[3] / sums[0]}};
  std::map<std::size_t, std::string> lines;
  for (const std::string& text : dp.all_gather_text(mine.dump()))
    for (const Json& one : Json::parse(text))
      lines[one[0].get<std::size_t>()] = one[1].get<std::string>();
  for (const auto& [place, line] : lines) result.lines += line + "\n";
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace temper
