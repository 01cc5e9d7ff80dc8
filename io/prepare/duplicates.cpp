#include "io/prepare/duplicates.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "mpi/exchange.hpp"

namespace temper {

namespace {

struct Question {
  TextKey words, text, label;
  std::int64_t line;
  std::uint32_t file;
  std::uint32_t split;
};

template <class T>
std::vector<T> unpacked(const std::string& bytes) {
  std::vector<T> items(bytes.size() / sizeof(T));
  std::memcpy(items.data(), bytes.data(), bytes.size());
  return items;
}

template <class T>
std::string packed(const std::vector<T>& items) {
  return {reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T)};
}

// Sends each question to the rank of its words and brings the answers back in order.
template <class Answer, class Solve>
std::vector<Answer> ask(const Group& world, const std::vector<Question>& questions, Solve&& solve) {
  const std::size_t ranks = std::size_t(world.size());
  std::vector<std::vector<Question>> to(ranks);
  std::vector<std::vector<std::size_t>> rows(ranks);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::size_t rank = questions[i].words[0] % ranks;
    to[rank].push_back(questions[i]);
    rows[rank].push_back(i);
  }
  std::vector<std::string> bytes(ranks);
  for (std::size_t r = 0; r < ranks; ++r) bytes[r] = packed(to[r]);
  const std::vector<std::string> asked = exchange(world, std::move(bytes));
  std::vector<Question> here;
  for (const std::string& from : asked) {
    const std::vector<Question> part = unpacked<Question>(from);
    here.insert(here.end(), part.begin(), part.end());
  }
  const std::vector<Answer> answers = solve(here);
  std::vector<std::string> back(ranks);
  std::size_t at = 0;
  for (std::size_t r = 0; r < ranks; ++r) {
    const std::size_t count = asked[r].size() / sizeof(Question);
    back[r].assign(reinterpret_cast<const char*>(answers.data() + at), count * sizeof(Answer));
    at += count;
  }
  const std::vector<std::string> told = exchange(world, std::move(back));
  std::vector<Answer> mine(questions.size());
  for (std::size_t r = 0; r < ranks; ++r) {
    const std::vector<Answer> part = unpacked<Answer>(told[r]);
    for (std::size_t i = 0; i < part.size(); ++i) mine[rows[r][i]] = part[i];
  }
  return mine;
}

// Calls group(begin, end) for each run of `order` in [begin, end) on which `same` holds.
template <class Same, class Group_>
void for_runs(std::size_t begin, std::size_t end, Same&& same, Group_&& group) {
  while (begin < end) {
    std::size_t stop = begin + 1;
    while (stop < end && same(begin, stop)) ++stop;
    group(begin, stop);
    begin = stop;
  }
}

std::vector<DuplicateAnswer> solve_texts(const std::vector<Question>& here) {
  std::vector<std::size_t> order(here.size());
  std::iota(order.begin(), order.end(), 0);
  const auto row = [&](std::size_t i) -> const Question& { return here[order[i]]; };
  const auto place = [](const Question& q) { return std::tie(q.file, q.line); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(here[a].words, here[a].text, here[a].file, here[a].line) <
           std::tie(here[b].words, here[b].text, here[b].file, here[b].line);
  });
  std::vector<DuplicateAnswer> answers(here.size());
  const auto answer = [&](std::size_t i) -> DuplicateAnswer& { return answers[order[i]]; };
  const auto same_words = [&](std::size_t a, std::size_t b) {
    return row(a).words == row(b).words;
  };
  const auto same_text = [&](std::size_t a, std::size_t b) { return row(a).text == row(b).text; };
  const auto one_text = [&](std::size_t begin, std::size_t end) {
    std::size_t first_of[8];
    std::fill(first_of, first_of + 8, end);
    bool conflict = false;
    for (std::size_t i = begin; i < end; ++i) {
      std::size_t& first = first_of[row(i).split];
      answer(i).repeats = first < end;
      if (first == end) first = i;
      answer(i).first_file = row(first).file;
      answer(i).first_line = row(first).line;
      conflict = conflict || row(i).label != row(begin).label;
    }
    for (std::size_t i = begin; i < end; ++i) answer(i).conflict = conflict;
    answer(begin).begins_conflict = conflict;
  };
  for_runs(0, here.size(), same_words, [&](std::size_t begin, std::size_t end) {
    std::uint8_t splits = 0;
    std::size_t first = begin;
    for (std::size_t i = begin; i < end; ++i) {
      splits = std::uint8_t(splits | 1u << row(i).split);
      if (place(row(i)) < place(row(first))) first = i;
    }
    for (std::size_t i = begin; i < end; ++i) {
      answer(i).splits = splits;
      answer(i).first_split = std::uint8_t(row(first).split);
    }
    for_runs(begin, end, same_text, one_text);
  });
  return answers;
}

std::vector<std::uint8_t> solve_groups(const std::vector<Question>& here) {
  std::vector<std::size_t> order(here.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return here[a].words < here[b].words; });
  std::vector<std::uint8_t> answers(here.size());
  for_runs(
      0, here.size(),
      [&](std::size_t a, std::size_t b) { return here[order[a]].words == here[order[b]].words; },
      [&](std::size_t begin, std::size_t end) {
        std::uint8_t splits = 0;
        for (std::size_t i = begin; i < end; ++i)
          splits = std::uint8_t(splits | 1u << here[order[i]].split);
        for (std::size_t i = begin; i < end; ++i) answers[order[i]] = splits;
      });
  return answers;
}

}  // namespace

std::vector<DuplicateAnswer> find_duplicates(const Group& world, const Documents& documents) {
  const Documents& d = documents;
  std::vector<TextKey> labels;
  for (const std::string& label : d.labels) labels.push_back(text_key(label));
  std::vector<Question> questions(d.size());
  for (std::size_t i = 0; i < d.size(); ++i) {
    TextKey label{};
    if (!d.label.empty())
      label = labels[d.label[i]];
    else if (!d.tag_keys.empty())
      label = d.tag_keys[i];
    else if (!d.value.empty())
      std::memcpy(label.data(), &d.value[i], sizeof(double));
    questions[i] = {d.word_keys[i], d.text_keys[i], label, d.line[i], d.file[i], d.split[i]};
  }
  std::vector<DuplicateAnswer> answers = ask<DuplicateAnswer>(world, questions, solve_texts);
  std::int64_t grouped = !d.group_keys.empty();
  world.all_reduce_max(&grouped, 1, Dtype::i64);
  if (grouped == 0) return answers;
  for (std::size_t i = 0; i < d.size(); ++i) questions[i].words = d.group_keys[i];
  const std::vector<std::uint8_t> splits = ask<std::uint8_t>(world, questions, solve_groups);
  for (std::size_t i = 0; i < d.size(); ++i) answers[i].group_splits = splits[i];
  return answers;
}

}  // namespace temper
