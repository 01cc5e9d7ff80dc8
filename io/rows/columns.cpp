#include "io/rows/columns.hpp"

#include "plan/row_format.hpp"

namespace temper {

std::vector<WantedColumn> wanted_columns(const DataSpec& spec, RowForm form, RowTask task) {
  using Role = ColumnRole;
  std::vector<WantedColumn> columns;
  switch (form) {
    case RowForm::text:
      columns = {{spec.text_column, Role::text}};
      if (task == RowTask::language) break;
      if (!spec.text_pair_column.empty())
        columns.push_back({spec.text_pair_column, Role::text_pair});
      columns.push_back({spec.label_column, Role::label});
      break;
    case RowForm::words:
      columns = {{spec.text_column, Role::words}, {spec.label_column, Role::tags}};
      break;
    case RowForm::messages:
      columns = {{spec.messages_column, Role::messages}, {"tools", Role::tools, false}};
      break;
    case RowForm::sharegpt:
      columns = {{messages_column(spec, "sharegpt"), Role::conversations},
                 {"system", Role::system, false},
                 {"tools", Role::tools, false}};
      break;
    case RowForm::prompt_completion:
      columns = {{spec.prompt_column, Role::prompt},
                 {spec.completion_column, Role::completion},
                 {"tools", Role::tools, false}};
      break;
    case RowForm::alpaca:
      columns = {{"instruction", Role::instruction},
                 {"input", Role::input, false},
                 {"output", Role::output},
                 {"system", Role::system, false},
                 {"history", Role::history, false}};
      break;
  }
  const std::string group_by = spec.split ? spec.split->group_by : "";
  const std::string& group = spec.group_column.empty() ? group_by : spec.group_column;
  if (!spec.id_column.empty()) columns.push_back({spec.id_column, Role::id});
  if (!group.empty()) columns.push_back({group, Role::group});
  return columns;
}

bool is_list(ColumnRole role) {
  using Role = ColumnRole;
  return role == Role::messages || role == Role::conversations || role == Role::tools ||
         role == Role::history || role == Role::words || role == Role::tags;
}

}  // namespace temper
