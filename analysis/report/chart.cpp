#include "analysis/report/chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "analysis/report/format.hpp"
#include "analysis/report/run_program.hpp"

namespace temper {
namespace {

// Colours of the stand-alone file (readable for the colour-blind: Okabe and Ito), and the variables
// of the page that replace them.
struct Colour {
  const char *file, *svg, *page;
};
constexpr std::array<Colour, 9> kColours{{{"#0072b2", "0,114,178", "var(--c0)"},
                                          {"#d55e00", "213,94,0", "var(--c1)"},
                                          {"#009e73", "0,158,115", "var(--c2)"},
                                          {"#aa4499", "170,68,153", "var(--c3)"},
                                          {"#b88700", "184,135,0", "var(--c4)"},
                                          {"#56b4e9", "86,180,233", "var(--c5)"},
                                          {"#333334", "51,51,52", "var(--ink)"},
                                          {"#dddde0", "221,221,224", "var(--line)"},
                                          {"#88888c", "136,136,140", "var(--soft)"}}};
constexpr std::size_t kInk = 6, kGrid = 7, kSoft = 8;

std::size_t colour_of(const ChartSeries& series, std::size_t place) {
  if (series.kind == ChartSeries::Kind::reference) return kSoft;
  return series.color >= 0 ? std::size_t(series.color) % kInk : place % kInk;
}

// A double-quoted string of gnuplot; what it would read as a command or an escape is gone.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text)
    if (c == '"' || c == '\\' || c == '`' || static_cast<unsigned char>(c) < 0x20)
      result += ' ';
    else
      result += c;
  return result + "\"";
}

void add_data(std::string& script, const ChartSeries& series, std::size_t number) {
  script += "$d" + std::to_string(number) + " << EOD\n";
  for (const ChartPoint& point : series.points) {
    char row[160];
    const bool bar = std::isfinite(point.low) && std::isfinite(point.high);
    std::snprintf(row, sizeof row, "%.10g %.10g %.10g %.10g\n", point.x, point.y,
                  bar ? point.low : point.y, bar ? point.high : point.y);
    if (std::isfinite(point.x) && std::isfinite(point.y)) script += row;
  }
  script += "EOD\n";
}

std::string range_text(const std::optional<double>& low, const std::optional<double>& high) {
  const auto end = [](const std::optional<double>& value) {
    return value ? number_text(*value, 8) : std::string("*");
  };
  return "[" + end(low) + ":" + end(high) + "]";
}

std::string plot_line(const Chart& chart) {
  std::string line = "plot ";
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const ChartSeries& series = chart.series[i];
    const std::string data = "$d" + std::to_string(i);
    const std::string colour =
        " lc rgb \"" + std::string(kColours[colour_of(series, i)].file) + "\"";
    const std::string title = " title " + quoted(series.name);
    const bool bars = std::any_of(series.points.begin(), series.points.end(), [](const auto& p) {
      return std::isfinite(p.low) && std::isfinite(p.high);
    });
    if (i > 0) line += ", ";
    if (bars) line += data + " using 1:2:3:4 with yerrorbars notitle lw 1.5 ps 0" + colour + ", ";
    switch (series.kind) {
      case ChartSeries::Kind::line:
        line += data + " using 1:2 with lines lw 2" + colour + title;
        break;
      case ChartSeries::Kind::points:
        line += data + " using 1:2 with points pt 7 ps 0.8" + colour + title;
        break;
      case ChartSeries::Kind::line_and_points:
        line += data + " using 1:2 with linespoints lw 2 pt 7 ps 0.7" + colour + title;
        break;
      case ChartSeries::Kind::reference:
        line += data + " using 1:2 with lines lw 1.5 dt 2" + colour + title;
        break;
    }
  }
  return line + "\n";
}

std::string terminal(int width, int height, int font, bool keyed) {
  return "set terminal svg noenhanced size " + std::to_string(width) + "," +
         std::to_string(height) + " dynamic font \"sans-serif," + std::to_string(font) +
         "\" background \"" + (keyed ? "#ffffff" : "#fefefd") + "\"\n" +
         (keyed ? "set key outside below\n" : "unset key\n");
}

std::string ticks_text(const std::vector<double>& ticks) {
  std::string list;
  for (const double tick : ticks)
    list += (list.empty() ? "" : ", ") + quoted(number_text(tick, 3)) + " " + number_text(tick, 8);
  return "set xtics (" + list + ")\n";
}

std::string script_of(const Chart& chart) {
  std::string script = "set encoding utf8\n";
  for (std::size_t i = 0; i < chart.series.size(); ++i) add_data(script, chart.series[i], i);
  script +=
      "set border 3 lc rgb \"#333334\"\nset grid ytics lc rgb \"#dddde0\" lw 1 lt 1\n"
      "set tics nomirror textcolor rgb \"#333334\"\n"
      "set xlabel " +
      quoted(chart.x_label) +
      " textcolor rgb \"#333334\"\n"
      "set ylabel " +
      quoted(chart.y_label) +
      " textcolor rgb \"#333334\"\n"
      "set key textcolor rgb \"#333334\"\n";
  if (chart.log_x) script += "set logscale x\nset xtics format \"%g\"\nunset mxtics\n";
  if (!chart.x_ticks.empty()) script += ticks_text(chart.x_ticks);
  if (chart.log_y) script += "set logscale y\nset ytics format \"%g\"\n";
  script += "set xrange " + range_text(chart.x_low, chart.x_high) + "\n";
  script += "set yrange " + range_text(chart.y_low, chart.y_high) + "\n";
  const std::string plot = plot_line(chart);
  script += terminal(760, 420, 14, true) + plot;
  script += terminal(720, 330, 14, false) + plot;
  script += "set tics scale 0.6\n" + terminal(360, 270, 13, false) + plot;
  return script;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// "rgb( 51,  51,  52)" becomes "rgb(51,51,52)".
void drop_spaces_in_colours(std::string& svg) {
  for (std::size_t at = 0; (at = svg.find("rgb(", at)) != std::string::npos; ++at)
    for (std::size_t i = at; i < svg.size() && svg[i] != ')';)
      if (svg[i] == ' ')
        svg.erase(i, 1);
      else
        ++i;
}

// gnuplot's SVG made part of the page: no XML head, no background, the page's colours, ids that
// differ from those of other charts.
std::string embedded(std::string svg, const Chart& chart, const std::string& size) {
  svg.erase(0, svg.find("<svg"));
  if (const auto begin = svg.find("<title>"); begin != std::string::npos)
    svg.erase(begin, svg.find("</title>") + 8 - begin);
  if (const auto begin = svg.find("<desc>"); begin != std::string::npos)
    svg.erase(begin, svg.find("</desc>") + 7 - begin);
  replace_all(svg, "xmlns=\"http://www.w3.org/2000/svg\"", "");
  replace_all(svg, "xmlns:xlink=\"http://www.w3.org/1999/xlink\"", "");
  replace_all(svg, "xlink:href", "href");
  drop_spaces_in_colours(svg);
  for (const Colour& colour : kColours) {
    replace_all(svg, "rgb(" + std::string(colour.svg) + ")", colour.page);
    replace_all(svg, colour.file, colour.page);
  }
  replace_all(svg, "#fefefd", "none");
  const std::string prefix = chart.name + "-" + size + "-";
  for (const std::string mark : {"id=\"", "id='", "href=\"#", "href='#", "url(#"})
    replace_all(svg, mark, mark + prefix);
  replace_all(
      svg, "<svg ",
      "<svg class=\"" + size + "\" role=\"img\" aria-label=\"" + html_escaped(chart.title) + "\" ");
  return svg;
}

}  // namespace

ChartPoint::ChartPoint(double at, double value)
    : ChartPoint(at, value, std::numeric_limits<double>::quiet_NaN(),
                 std::numeric_limits<double>::quiet_NaN()) {}

bool gnuplot_installed() {
  std::string reason;
  return run_program_on({"gnuplot", "--version"}, "", reason).has_value();
}

std::optional<ChartImages> draw(const Chart& chart, std::string& reason) {
  const auto drawn = run_program_on({"gnuplot"}, script_of(chart), reason);
  if (!drawn) return std::nullopt;
  std::array<std::string, 3> images;
  std::size_t begin = 0;
  for (std::string& image : images) {
    const std::size_t end = drawn->find("</svg>", begin);
    if (end == std::string::npos) {
      reason = "gnuplot drew nothing";
      return std::nullopt;
    }
    image = drawn->substr(begin, end + 6 - begin) + "\n";
    begin = end + 6;
  }
  return ChartImages{images[0], embedded(images[1], chart, "wide"),
                     embedded(images[2], chart, "narrow")};
}

std::string legend_html(const Chart& chart) {
  std::string html = "<ul class=\"legend\">";
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const std::size_t colour = colour_of(chart.series[i], i);
    html += "<li><span style=\"background:" + std::string(kColours[colour].page) + "\"></span>" +
            html_escaped(chart.series[i].name) + "</li>";
  }
  return html + "</ul>\n";
}

std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points, std::size_t most) {
  if (points.size() <= most) return points;
  std::vector<ChartPoint> few;
  for (std::size_t i = 0; i < most; ++i) {
    const std::size_t begin = i * points.size() / most, end = (i + 1) * points.size() / most;
    double x = 0, y = 0, n = 0;
    for (std::size_t j = begin; j < end; ++j)
      if (std::isfinite(points[j].y)) x += points[j].x, y += points[j].y, ++n;
    if (n > 0) few.emplace_back(x / n, y / n);
  }
  return few;
}

}  // namespace temper
