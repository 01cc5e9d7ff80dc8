#include "analysis/report/sections.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/report/format.hpp"
#include "core/progress.hpp"

namespace temper {
namespace {

std::string paragraph(const std::string& text, const char* style = "") {
  return std::string("<p") + (*style ? " class=\"" + std::string(style) + "\"" : "") + ">" +
         html_escaped(text) + "</p>\n";
}

std::string folded(const std::string& title, const std::string& html) {
  return "<details><summary>" + html_escaped(title) + "</summary>\n" + html + "</details>\n";
}

class Sections {
 public:
  Sections(const Findings& findings, const PageParts& parts) : f_(findings), parts_(parts) {}

  std::vector<Section> all() {
    add("trials", "Trials", table("trials") + slices());
    add("quality", "Quality", quality());
    add("differences", "Differences", differences());
    add("curves", "Learning curves", figure("training-loss") + figure("evaluation"));
    add("classes", "Classes", table("per_class") + confusion());
    add("calibration", "Calibration", calibration());
    add("cost", "Cost and time", cost());
    add("scaling", "Scaling", scaling());
    add("provenance", "Provenance", provenance());
    return std::move(sections_);
  }

 private:
  void add(const char* id, const char* title, std::string html) {
    if (!html.empty()) sections_.push_back({id, title, std::move(html)});
  }

  std::string table(const std::string& name) const {
    const auto found = parts_.tables.find(name);
    return found == parts_.tables.end() ? "" : found->second.html();
  }

  std::string figure(const std::string& name) const {
    const auto found = parts_.figures.find(name);
    if (found == parts_.figures.end()) return "";
    const Figure& one = found->second;
    if (!one.images) return paragraph(parts_.plot_note, "soft") + one.table.html();
    return "<figure><figcaption>" + html_escaped(one.chart.title) + "</figcaption>" +
           legend_html(one.chart) + one.images->wide + one.images->narrow +
           folded("Table of these numbers", one.table.html()) + "</figure>\n";
  }

  std::string slices() const {
    std::string html;
    for (const auto& [name, one] : parts_.figures)
      if (name.starts_with("slice-")) html += figure(name);
    return html;
  }

  std::string quality() const {
    std::string html = table("systems") + table("seeds");
    if (html.empty()) return html;
    return html + paragraph(percent_text(f_.confidence, 0) +
                                " intervals, for rows drawn like these: Wilson for accuracy, the "
                                "bootstrap over rows (within classes) "
                                "for the others.",
                            "soft");
  }

  std::string differences() const {
    std::string html = table("comparisons");
    if (html.empty()) return html;
    double rows = 0, discordant = 0;
    for (const Comparison& one : f_.comparisons)
      if (one.role == "runner-up") {
        rows = double(one.difference.rows);
        discordant = double(one.difference.only_first + one.difference.only_second);
      }
    const std::string tests =
        f_.study.kind() == PredictionKind::classes
            ? "Accuracy is tested by McNemar on the rows that only one of the two gets right; "
              "macro-F1 by the paired bootstrap."
            : "Differences are tested by the paired bootstrap.";
    html += paragraph(tests + " A difference counts as shown when the adjusted p is below 0.05.",
                      "soft");
    if (rows > 0 && discordant > 0 && f_.study.kind() == PredictionKind::classes)
      html += paragraph("With " + count_text(std::int64_t(rows)) + " rows, a difference of about " +
                            fixed_text(100 * 2.801585 * std::sqrt(discordant / rows / rows), 1) +
                            " points between such settings is found four times out of five.",
                        "soft");
    return html;
  }

  // Shaded counts: a row is a true class. A cell's shade is its share of the row.
  std::string confusion() const {
    if (!f_.predictions || f_.predictions->kind != PredictionKind::classes) return "";
    const ConfusionMatrix matrix = confusion_of(*f_.predictions);
    if (matrix.classes() > 60) return table("confused");
    const ClassificationScores scores = score(matrix);
    std::string html =
        "<h3>Confusion matrix</h3><p class=\"soft\">Rows are true classes, columns predicted ones; "
        "the shade is the share of the row: right in blue, wrong in orange.</p>\n"
        "<div class=\"scroll matrix\"><table><thead><tr><td></td>";
    for (std::int64_t c = 0; c < matrix.classes(); ++c)
      html += "<th scope=\"col\"><span>" + html_escaped(class_name(f_.study, c)) + "</span></th>";
    html += "</tr></thead><tbody>\n";
    for (std::int64_t t = 0; t < matrix.classes(); ++t) {
      html += "<tr><th scope=\"row\">" + html_escaped(class_name(f_.study, t)) + "</th>";
      for (std::int64_t p = 0; p < matrix.classes(); ++p)
        html += matrix_cell(matrix.at(t, p), scores.classes[std::size_t(t)].support, t == p);
      html += "</tr>\n";
    }
    return html + "</tbody></table></div>\n" + table("confused");
  }

  static std::string matrix_cell(std::int64_t count, std::int64_t support, bool hit) {
    if (count == 0) return hit ? "<td class=\"hit\">0</td>" : "<td></td>";
    const double share = double(count) / double(support);
    // Errors are few: the square root makes them visible.
    const double shade = hit ? 0.12 + 0.88 * share : std::sqrt(share);
    return "<td class=\"" + std::string(hit ? "hit" : "miss") + (shade > 0.6 ? " dark" : "") +
           "\" style=\"--v:" + fixed_text(shade, 2) + "\">" + std::to_string(count) + "</td>";
  }

  std::string calibration() const {
    if (!f_.probabilities) return "";
    const double error = f_.probabilities->expected_calibration_error;
    std::string text = "Expected calibration error " + percent_text(error) +
                       "; a model that is exactly calibrated stays below " +
                       percent_text(f_.calibration_by_chance) + " in 95 of 100 draws: ";
    text += error > f_.calibration_by_chance ? "its confidences are off."
                                             : "no sign that its confidences are off.";
    return paragraph(text) + figure("calibration");
  }

  std::string cost() const {
    std::string html = table("cost");
    if (f_.cost.energy_joules)
      html += paragraph("Energy: " + number_text(*f_.cost.energy_joules / 3.6e6, 3) +
                        " kWh by the computer's counters.");
    else if (f_.cost.trials_with_energy > 0)
      html += paragraph("Energy is known of " + std::to_string(f_.cost.trials_with_energy) +
                        " trials only: no sum is given.");
    else
      html += paragraph("Energy was not measured: this computer shows no counter.", "soft");
    return html + phases();
  }

  std::string phases() const {
    std::string bars, legend;
    std::vector<std::string> names;
    for (const char* name :
         {"data", "forward", "backward", "optimizer", "communication", "wait", "evaluation"})
      names.push_back(name);
    std::size_t shown = 0;
    for (const TrialFiles& trial : f_.study.trials) {
      double sum = 0;
      for (const std::string& name : names)
        if (trial.phases.contains(name)) sum += trial.phases.at(name);
      if (sum <= 0 || trial.purpose == "scale" || ++shown > 12) continue;
      bars += "<span>" + html_escaped(trial.id) + ", " + html_escaped(duration_text(sum)) +
              "</span><div class=\"bar\">";
      for (std::size_t i = 0; i < names.size(); ++i)
        if (trial.phases.contains(names[i]) && trial.phases.at(names[i]) > 0)
          bars += "<i title=\"" + names[i] +
                  "\" style=\"width:" + fixed_text(100 * trial.phases.at(names[i]) / sum, 2) +
                  "%;background:" + colour(i) + "\"></i>";
      bars += "</div>";
    }
    if (bars.empty()) return table("phases");
    for (std::size_t i = 0; i < names.size(); ++i)
      legend += "<li><span style=\"background:" + colour(i) + "\"></span>" + names[i] + "</li>";
    return "<h3>Time by phase</h3><ul class=\"legend\">" + legend + "</ul><div class=\"bars\">" +
           bars + "</div>\n" + table("phases");
  }

  static std::string colour(std::size_t i) {
    return i < 6 ? "var(--c" + std::to_string(i) + ")" : "var(--soft)";
  }

  std::string scaling() const {
    std::string html = figure("scaling") + table("scaling");
    for (const std::string& note : f_.scaling.notes) html += paragraph(note, "soft");
    return html;
  }

  std::string provenance() const {
    std::string html = "<div class=\"wrap\">" + table("provenance") + "</div>";
    if (!f_.study.card.empty() && f_.study.card.contains("cleaning") &&
        !object_in(f_.study.card, "cleaning").empty())
      html += folded("What cleaning changed and dropped",
                     "<pre>" + html_escaped(f_.study.card["cleaning"].dump(1)) + "</pre>\n");
    if (!f_.study.manifest.empty())
      html += "<details open=\"open\"><summary>The manifest, as given</summary>\n<pre>" +
              html_escaped(f_.study.manifest) + "</pre></details>\n";
    return html;
  }

  const Findings& f_;
  const PageParts& parts_;
  std::vector<Section> sections_;
};

}  // namespace

std::vector<Section> page_sections(const Findings& findings, const PageParts& parts) {
  return Sections(findings, parts).all();
}

}  // namespace temper
