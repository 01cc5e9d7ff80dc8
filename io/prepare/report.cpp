#include "io/prepare/report.hpp"

namespace temper {

std::string excerpt(std::string_view text) {
  std::size_t at = 0;
  for (int characters = 0; at < text.size() && characters < 120; ++characters) do
      ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return std::string(text.substr(0, at)) + (at < text.size() ? "…" : "");
}

std::int64_t PrepareReport::counted(const std::string& what) const {
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

void PrepareReport::sample(const std::string& what, std::string_view where, std::string_view before,
                           std::string_view after) {
  std::vector<Sample>& kept = samples_[what];
  if (kept.size() < kMostSamples)
    kept.push_back({std::string(where), excerpt(before), excerpt(after)});
}

void PrepareReport::bad_row(BadRow row) {
  count("bad rows");
  if (bad_rows_.size() < kMostSamples) bad_rows_.push_back(std::move(row));
}

Json PrepareReport::samples(const std::string& what) const {
  Json all = Json::array();
  const auto found = samples_.find(what);
  if (found == samples_.end()) return all;
  for (const Sample& sample : found->second) {
    Json each = {{"where", sample.where}, {"text", sample.before}};
    if (!sample.after.empty()) each["became"] = sample.after;
    all.push_back(each);
  }
  return all;
}

PrepareReport PrepareReport::gathered(const Group& world) const {
  Json mine = {{"counts", counts_}, {"samples", Json::object()}, {"bad", Json::array()}};
  for (const auto& [what, samples] : samples_)
    for (const Sample& sample : samples)
      mine["samples"][what].push_back({sample.where, sample.before, sample.after});
  for (const BadRow& row : bad_rows_) mine["bad"].push_back({row.file, row.line, row.what});
  PrepareReport all;
  for (const std::string& text :
       world.all_gather_text(mine.dump(-1, ' ', false, Json::error_handler_t::replace))) {
    const Json theirs = Json::parse(text);
    for (const auto& [what, count] : theirs["counts"].items())
      all.count(what, count.get<std::int64_t>());
    for (const auto& [what, samples] : theirs["samples"].items())
      for (const Json& sample : samples)
        all.sample(what, sample[0].get<std::string>(), sample[1].get<std::string>(),
                   sample[2].get<std::string>());
    for (const Json& row : theirs["bad"])
      if (all.bad_rows_.size() < kMostSamples) all.bad_rows_.push_back({row[0], row[1], row[2]});
  }
  return all;
}

}  // namespace temper
