// From the JSON of a pre-tokenizer to its steps.
#include "text/tokenizer/cutting/pre_tokenizer.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

SplitBehavior read_behavior(const JsonFields& fields, const std::string& otherwise) {
  const std::string name = fields.maybe_text("behavior").value_or(otherwise);
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  fields.fail("behavior", "\"" + name + "\" is no behavior");
}

PrependScheme read_scheme(const JsonFields& fields) {
  const std::string name = fields.maybe_text("prepend_scheme").value_or("always");
  if (name == "always") return PrependScheme::always;
  if (name == "first") return PrependScheme::first;
  if (name == "never") return PrependScheme::never;
  fields.fail("prepend_scheme", "\"" + name + "\" is no scheme");
}

void read_metaspace(const JsonFields& fields, PreTokenizerStep& step) {
  step.replacement = fields.text("replacement");
  std::size_t end = 0;
  if (!step.replacement.empty()) next_code_point(step.replacement, end);
  if (end == 0 || end != step.replacement.size())
    fields.fail("replacement", "\"" + step.replacement + "\" is not one character");
  step.prepend = read_scheme(fields);
  // Files from before prepend_scheme say it this way.
  if (fields.has("add_prefix_space") && !fields.boolean("add_prefix_space")) {
    if (fields.has("prepend_scheme") && step.prepend != PrependScheme::never)
      fields.fail("add_prefix_space", "it contradicts prepend_scheme");
    step.prepend = PrependScheme::never;
  }
  step.split = fields.boolean("split", true);
}

void read_step(const JsonFields& fields, int depth, std::vector<PreTokenizerStep>& steps) {
  const std::string type = fields.text("type");
  const auto add = [&](PreTokenizerKind kind) -> PreTokenizerStep& {
    steps.push_back(PreTokenizerStep{.kind = kind});
    return steps.back();
  };
  if (type == "Sequence") {
    if (depth > 16) fields.fail("", "sequences nested deeper than 16");
    for (const JsonFields& step : fields.array("pretokenizers")) read_step(step, depth + 1, steps);
  } else if (type == "ByteLevel") {
    PreTokenizerStep& step = add(PreTokenizerKind::byte_level);
    step.add_prefix_space = fields.boolean("add_prefix_space");
    step.use_regex = fields.boolean("use_regex", true);
  } else if (type == "Split") {
    PreTokenizerStep& step = add(PreTokenizerKind::split);
    step.pattern = Pattern::read(fields);
    step.behavior = read_behavior(fields, "");
    step.invert = fields.boolean("invert", false);
  } else if (type == "BertPreTokenizer") {
    add(PreTokenizerKind::bert);
  } else if (type == "Digits") {
    add(PreTokenizerKind::digits).individual_digits = fields.boolean("individual_digits");
  } else if (type == "Punctuation") {
    add(PreTokenizerKind::punctuation).behavior = read_behavior(fields, "Isolated");
  } else if (type == "Whitespace") {
    add(PreTokenizerKind::whitespace);
  } else if (type == "WhitespaceSplit") {
    add(PreTokenizerKind::whitespace_split);
  } else if (type == "Metaspace") {
    read_metaspace(fields, add(PreTokenizerKind::metaspace));
  } else {
    fields.fail("type", "the pre-tokenizer \"" + type + "\" is not supported yet");
  }
}

}  // namespace

PreTokenizer read_pre_tokenizer(const JsonFields& root) {
  std::vector<PreTokenizerStep> steps;
  if (root.has("pre_tokenizer")) read_step(root.object("pre_tokenizer"), 0, steps);
  return PreTokenizer(std::move(steps));
}

}  // namespace temper
