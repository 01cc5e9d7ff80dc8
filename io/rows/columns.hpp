// Which columns a row of each form has, and what becomes of them.
//
//   wanted_columns(spec, RowForm::alpaca)
//     // instruction, output; where there are any: input, system, history; id, group as named
#pragma once

#include <string>
#include <vector>

#include "io/rows.hpp"

namespace temper {

enum class ColumnRole {
  text,  // one text: of `Row::text`
  text_pair,
  label,
  id,
  group,
  messages,       // a list of messages
  conversations,  // ShareGPT's list
  tools,
  prompt,      // a text, or a list of messages
  completion,  // likewise
  instruction,
  input,
  output,
  system,
  history,  // a list of pairs: what was asked and answered before
  words,    // a list of texts
  tags      // a list of labels
};

struct WantedColumn {
  std::string name;
  ColumnRole role;
  bool required = true;
};

std::vector<WantedColumn> wanted_columns(const DataSpec& spec, RowForm form, RowTask task);

// Not to be had in CSV, where a field is a text.
bool is_list(ColumnRole role);

}  // namespace temper
