#include "train/evaluation/predictions.hpp"

#include "core/file.hpp"
#include "core/json.hpp"
#include "train/evaluation/scores.hpp"

namespace temper {

namespace {

void add_document_classes(Json& line, const DocumentSource& split, const Evaluation& e,
                          std::size_t i) {
  const double* logits = e.logits.data() + std::int64_t(i) * e.labels;
  double log_sum = 0;
  line["label"] = split.label(e.rows[i]);
  line["prediction"] = largest_class(logits, e.labels);
  line["scores"] = softmax(logits, e.labels, log_sum);
}

void add_value(Json& line, const DocumentSource& split, const Evaluation& e, std::size_t i) {
  line["label"] = split.value(e.rows[i]);
  line["prediction"] = e.logits[i];
  line["scores"] = {e.logits[i]};
}

void add_token_classes(Json& line, const Evaluation& e, std::size_t i) {
  line["label"] = line["prediction"] = Json::array();
  for (std::int64_t t = e.offsets[i]; t < e.offsets[i + 1]; ++t) {
    line["label"].push_back(e.token_truth[std::size_t(t)]);
    line["prediction"].push_back(e.token_prediction[std::size_t(t)]);
  }
}

void add_sums(Json& line, const DocumentScore& score) {
  line["nll"] = score.nll;
  line["tokens"] = score.tokens;
  line["correct"] = score.correct;
  line["bytes"] = score.bytes;
}

}  // namespace

void write_predictions(const std::filesystem::path& path, const JobPlan& plan,
                       const DocumentSource& split, const Evaluation& e) {
  std::string lines;
  for (std::size_t i = 0; i < e.rows.size(); ++i) {
    Json line = {{"id", split.id(e.rows[i])}};
    if (plan.model.head.kind == HeadKind::language)
      add_sums(line, e.documents[i]);
    else if (plan.model.head.kind == HeadKind::tokens)
      add_token_classes(line, e, i);
    else if (plan.spec.model.task == "regression")
      add_value(line, split, e, i);
    else
      add_document_classes(line, split, e, i);
    lines += line.dump() + "\n";
  }
  write_file_atomically(path, lines);
}

}  // namespace temper
