// A table of the report: written once, shown as HTML and kept as TSV.
//
//   Table table{"trials", "All trials", {{"trial"}, {"macro-F1", true}}};
//   table.add({{"1f2e3d4c"}, {"81.3 %", 0.813}});
#pragma once

#include <string>
#include <vector>

namespace temper {

struct Cell {
  Cell(std::string shown = {}) : text(std::move(shown)), raw(text) {}
  Cell(const char* shown) : Cell(std::string(shown)) {}
  // What people see, and the number that programs read in full.
  Cell(std::string shown, double value);
  std::string text, raw;
};

struct Column {
  std::string title;
  bool numeric = false;
};

struct Table {
  std::string name, title;  // name: of the TSV file
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> row_classes;  // CSS class of each row; may be shorter

  void add(std::vector<Cell> row, std::string row_class = {});
  std::string html() const;  // everything escaped
  std::string tsv() const;
};

}  // namespace temper
