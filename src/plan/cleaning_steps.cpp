#include "plan/cleaning_steps.hpp"

#include <algorithm>
#include <charconv>

#include "core/contract.hpp"

namespace temper {

const std::vector<CleaningStepInfo>& cleaning_step_infos() {
  static const std::vector<CleaningStepInfo> infos{
      {CleaningKind::line_endings, "line_endings", "CR LF and CR become LF", false},
      {CleaningKind::nfc, "nfc", "Unicode normal form C", false},
      {CleaningKind::nfkc, "nfkc",
       "Unicode normal form KC: loses superscripts, ligatures and full-width letters", false},
      {CleaningKind::control, "control",
       "control and zero-width characters are removed; joiners between characters beyond ASCII "
       "stay, where scripts and emoji need them",
       false},
      {CleaningKind::whitespace, "whitespace",
       "each run of white space becomes one space; ends are trimmed", false},
      {CleaningKind::trim, "trim", "white space at both ends is removed", false},
      {CleaningKind::drop_empty, "drop_empty", "rows without a visible character are dropped",
       true},
      {CleaningKind::drop_long, "drop_long",
       "rows of more than data.max_length tokens are dropped; drop_long:N: of more than N "
       "characters",
       true},
      {CleaningKind::dedup, "dedup",
       "rows that repeat the text of an earlier row of their split are dropped", true},
  };
  return infos;
}

const CleaningStepInfo& info_of(CleaningKind kind) {
  for (const CleaningStepInfo& info : cleaning_step_infos())
    if (info.kind == kind) return info;
  expects(false, "a cleaning step without a name");
  return cleaning_step_infos().front();
}

std::vector<std::string> cleaning_step_names() {
  std::vector<std::string> names;
  for (const CleaningStepInfo& info : cleaning_step_infos()) names.push_back(info.name);
  return names;
}

namespace {

Checked<CleaningStep> parse_step(const std::string& written) {
  const std::size_t colon = written.find(':');
  const std::string name = written.substr(0, colon);
  for (const CleaningStepInfo& info : cleaning_step_infos()) {
    if (info.name != name) continue;
    CleaningStep step{info.kind, 0, written};
    if (colon == std::string::npos) return step;
    const char* end = written.data() + written.size();
    const auto parsed = std::from_chars(written.data() + colon + 1, end, step.most_characters);
    if (info.kind != CleaningKind::drop_long)
      return Problem{"data.clean", "\"" + name + "\" takes no number", "",
                     "Write \"" + name + "\"."};
    if (parsed.ec != std::errc() || parsed.ptr != end || step.most_characters < 1)
      return Problem{"data.clean", "\"" + written + "\" has no number of characters above 0", "",
                     "Write for example \"drop_long:2000\"."};
    return step;
  }
  std::string hint = did_you_mean(name, cleaning_step_names());
  if (hint.empty()) {
    for (const std::string& known : cleaning_step_names())
      hint += (hint.empty() ? "There are " : ", ") + known;
    hint += ".";
  }
  return Problem{"data.clean", "unknown step \"" + written + "\"", "", hint};
}

}  // namespace

Checked<std::vector<CleaningStep>> parse_cleaning_steps(const std::vector<std::string>& names) {
  std::vector<CleaningStep> steps;
  Problems problems;
  for (const std::string& name : names) {
    const Checked<CleaningStep> step = parse_step(name);
    if (!step) {
      problems.push_back(step.problems().front());
      continue;
    }
    if (std::find(steps.begin(), steps.end(), step.value()) != steps.end())
      problems.push_back(
          {"data.clean", "\"" + name + "\" is named twice", "", "Name each step once."});
    steps.push_back(step.value());
  }
  if (!problems.empty()) return problems;
  return steps;
}

}  // namespace temper
