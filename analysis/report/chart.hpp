// Charts by gnuplot as SVG, in the page's own colours, once for wide screens and once for phones.
//
//   Chart chart{"learning-curve", "Training loss", "step", "loss"};
//   chart.series.push_back({"trial 1f2e3d4c", {{1, 3.2}, {2, 3.1}}});
//   std::optional<ChartImages> images = draw(chart);
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace temper {

struct ChartPoint {
  double x, y;
  double low, high;  // of an error bar; NaN: none
  ChartPoint(double at, double value);
  ChartPoint(double at, double value, double lower, double upper)
      : x(at), y(value), low(lower), high(upper) {}
};

struct ChartSeries {
  enum class Kind { line, points, line_and_points, reference };
  std::string name;
  std::vector<ChartPoint> points;
  Kind kind = Kind::line;
  int color = -1;  // of the palette; -1: by its place
};

struct Chart {
  std::string name, title, x_label, y_label;  // name: [a-z0-9-], of the file
  std::vector<ChartSeries> series;
  bool log_x = false, log_y = false;
  std::optional<double> x_low, x_high, y_low, y_high;
  std::vector<double> x_ticks;  // empty: gnuplot's choice
};

struct ChartImages {
  std::string file;          // a stand-alone SVG with a legend
  std::string wide, narrow;  // for the page: colours are its variables, ids are unique
};

bool gnuplot_installed();
// Nothing where gnuplot is missing or fails; `reason` then says why.
std::optional<ChartImages> draw(const Chart& chart, std::string& reason);

// The legend of the page: a swatch and the name of each series. Escaped.
std::string legend_html(const Chart& chart);

// At most `most` points, each the mean of its neighbours.
std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points, std::size_t most);

}  // namespace temper
