// From the cells of a row to the row. Functions return what is wrong, or "".
//
//   builder.begin();
//   for each column: builder.take(column, value, row);
//   builder.finish(row);      // what columns make together
#pragma once

#include <simdjson.h>

#include <array>
#include <string>

#include "io/rows/columns.hpp"

namespace temper {

class RowBuilder {
 public:
  RowBuilder(RowForm form, RowTask task) : form_(form), task_(task) {}

  void begin() { parts_ = {}; }
  std::string take(const WantedColumn& column, const simdjson::dom::element& value, Row& row);
  // A field of CSV, which is taken away.
  std::string take_field(const WantedColumn& column, std::string& field, Row& row);
  std::string finish(Row& row);

 private:
  enum Part { kInstruction, kInput, kOutput, kSystem, kParts };

  std::string* text_target(ColumnRole role, Row& row);
  std::string take_label_text(const WantedColumn& column, std::string_view word, bool integer,
                              Row& row);
  std::string take_label(const WantedColumn& column, const simdjson::dom::element& value, Row& row);
  std::string take_text(const WantedColumn& column, const simdjson::dom::element& value, Row& row);
  std::string take_list(const WantedColumn& column, const simdjson::dom::element& value, Row& row);

  RowForm form_;
  RowTask task_;
  std::array<std::string, kParts> parts_;
};

}  // namespace temper
