#include "analysis/report/table.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "analysis/report/format.hpp"
#include "core/contract.hpp"

namespace temper {

Cell::Cell(std::string shown, double value) : text(std::move(shown)) {
  if (std::isnan(value)) return;
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  raw.assign(buffer.data(), end);
}

void Table::add(std::vector<Cell> row, std::string row_class) {
  expects(row.size() == columns.size(), "table ", name, " has ", columns.size(),
          " columns, a row has ", row.size());
  rows.push_back(std::move(row));
  row_classes.resize(rows.size());
  row_classes.back() = std::move(row_class);
}

namespace {

// An interval gets a line of its own, so that tables stay narrow: "93.7 % (93.2 to 94.2)".
std::string cell_html(const std::string& text, bool numeric) {
  const auto begin = text.find(" (");
  if (!numeric || begin == std::string::npos || text.back() != ')') return html_escaped(text);
  return html_escaped(text.substr(0, begin)) + "<small>" +
         html_escaped(text.substr(begin + 2, text.size() - begin - 3)) + "</small>";
}

}  // namespace

std::string Table::html() const {
  std::string html =
      "<div class=\"scroll\"><table><caption>" + html_escaped(title) + "</caption><thead><tr>";
  for (const Column& column : columns)
    html += std::string("<th scope=\"col\"") + (column.numeric ? " class=\"n\">" : ">") +
            html_escaped(column.title) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    html += row_classes[r].empty() ? "<tr>" : "<tr class=\"" + row_classes[r] + "\">";
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string tag = c == 0 ? "th" : "td";
      html += "<" + tag + (c == 0 ? " scope=\"row\"" : "") +
              (columns[c].numeric ? " class=\"n\">"
               : c == 0           ? ">"
                                  : " class=\"w\">") +
              cell_html(rows[r][c].text, columns[c].numeric) + "</" + tag + ">";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string Table::tsv() const {
  std::string text;
  for (std::size_t c = 0; c < columns.size(); ++c)
    text += (c ? "\t" : "") + tsv_escaped(columns[c].title);
  text += '\n';
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) text += (c ? "\t" : "") + tsv_escaped(row[c].raw);
    text += '\n';
  }
  return text;
}

}  // namespace temper
