// Limits, places of errors, and hostile templates.
#include <gtest/gtest.h>

#include <random>

#include "core/file.hpp"
#include "text/chat_template.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

const fs::path kTemplates = fs::path(TEMPER_SOURCE_DIR) / "tests/text/data/templates";
const Json kMessages = Json::array(
    {{{"role", "user"}, {"content", "q"}},
     {{"role", "assistant"},
      {"content", "<think>\nx\n</think>a"},
      {"tool_calls", Json::array({{{"function", {{"name", "f"}, {"arguments", {{"k", 1}}}}}}})}}});

// The problem that a template meets when read or rendered; "" when there is none.
std::string problem_of(const std::string& source) {
  const Checked<ChatTemplate> chat = ChatTemplate::parse(source, "t");
  if (!chat) return chat.problems().at(0).text();
  try {
    chat.value().render(kMessages, {});
  } catch (const BadInput& error) {
    return error.problems().at(0).text();
  }
  return "";
}

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

using Problematic = std::vector<std::pair<std::string, const char*>>;

// Each template's problem holds the words beside it.
void check_problems(const Problematic& cases) {
  for (const auto& [source, expected] : cases)
    EXPECT_NE(problem_of(source).find(expected), std::string::npos) << source.substr(0, 200) << "\n"
                                                                    << problem_of(source);
}

TEST(Jinja, names_the_line_of_an_error) {
  const Problematic cases = {
      {"a\nb {{ x }}\n{{ y.z }}", "t:3: the chat template fails: 'y' is undefined"},
      {"{% if x %}\n\n{{ 1 + }}", "t:3: the chat template cannot be read: unexpected 'end of"},
      {"\n{# a\n#}{{ 'a\nb' ~ 'c'.d.e }}", "t:4: the chat template fails: 'str object' has no"},
      {"{% macro m() %}\n{{ 1 // 0 }}{% endmacro %}\n\n{{ m() }}", "t:2: the chat template fails"},
      {"\n{{ 'a' | nothing }}", "t:2: the chat template cannot be read: no filter is named"},
      {"{% for m in messages %}\n{{ m.content.x.y }}{% endfor %}", "(at messages[0])"},
      {"\n{%- raw %}a", "t:2: the chat template cannot be read: raw has no endraw"},
      {"{{ messages.append(1) }}", "would change the list object"},
      {"{% import 'x' %}", "'import' is unknown or not allowed"},
  };
  check_problems(cases);
}

TEST(Jinja, stops_templates_that_work_without_end) {
  const std::string loops = repeated("{% for i in range(100000) %}", 4);
  const Problematic cases = {
      {loops + repeated("{% endfor %}", 4), "more work"},
      {loops + "xxxxxxxx" + repeated("{% endfor %}", 4), "chat template fails"},
      {"{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}"
       "{% endfor %}",
       "more work"},
      {"{{ 'ab' * 9000000000 }}", "more work"},
      {"{{ [1] * 9000000000 }}", "more work"},
      {"{{ 'a' | replace('', 'b' * 99999) | replace('b', 'c' * 99999) }}", "more work"},
      {"{{ 'a' | indent(9000000000, true) }}", "more work"},
      {"{{ '0123456789abcdefghij' * 425000 }}{{ '0123456789abcdefghij' * 425000 }}", "16 MiB"},
      {"{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}"
       "{% endfor %}{{ ns.l }}",
       "more work"},
      {"{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}"
       "{% endfor %}{% set a = ns.l %}{{ a | tojson }}",
       "more work"},
  };
  check_problems(cases);
}

TEST(Jinja, stops_templates_that_are_too_deep_or_too_large) {
  const Problematic cases = {
      {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls itself without end"},
      {"{% macro m() %}" + repeated("{% if 1 %}", 40) + "{{ m() }}" + repeated("{% endif %}", 40) +
           "{% endmacro %}{{ m() }}",
       "calls itself without end"},
      {"{{ 2 ** 100 }}", "too large"},
      {"{{ 2 ** 9000000000000 }}", "too large"},
      {"{{ range(100001) }}", "more than 100000"},
      {"{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}"
       "{% endfor %}",
       "nested deeper"},
      {"{% set ns = namespace(f='a'.strip) %}{% for i in range(999) %}"
       "{% set ns.f = [ns.f].index %}{% endfor %}",
       "nested deeper"},
      {repeated("{% if 1 %}", 5000), "nested deeper"},
      {"{{ " + repeated("(", 5000) + repeated(")", 5000) + " }}", "nested deeper"},
      {"{{ " + repeated("[", 5000) + repeated("]", 5000) + " }}", "nested deeper"},
      {"{{ " + repeated("not ", 5000) + "1 }}", "nested deeper"},
      {"{{ " + repeated("-", 5000) + "1 }}", "nested deeper"},
      {"{{ 1" + repeated(" + 1", 100000) + " }}", "operations"},
      {"{{ a" + repeated(".b", 100000) + " }}", "operations"},
      {"{{ a" + repeated("|trim", 100000) + " }}", "operations"},
      {"{{ 1" + repeated(" if 1", 100000) + " }}", "operations"},
      {"{% for " + repeated("(", 5000) + "x" + repeated(")", 5000) + " in y %}", "nested deeper"},
      {"{% if 0 %}" + repeated("{% elif 1 %}", 5000), "nested deeper"},
      {repeated("x", (1 << 20) + 1), "more than 1 MiB"},
      {"{{ '\xff' }}", "invalid UTF-8"},
      {"{{ '\\ud800' }}", "broken escape"},
  };
  check_problems(cases);
}

// Found by the address sanitizer when it were not so.
TEST(Jinja, frees_values_that_hold_themselves) {
  EXPECT_EQ(
      problem_of("{% set a = namespace() %}{% set a.a = [a] %}{{ a.a | length }}"
                 "{% macro m() %}{% set m2 = m %}{% endmacro %}{% set a.m = m %}{{ m() }}"
                 "{% for i in [1] %}{% set a.l = loop %}{% endfor %}"
                 "{% macro f(p) %}{% macro g() %}{% endmacro %}{% set a.g = g %}{% endmacro %}"
                 "{% for i in range(9999) %}{{ f(a.g) }}{% endfor %}"),
      "");
}

TEST(Jinja, has_a_clock_that_stands_where_the_caller_set_it) {
  const ChatTemplate chat =
      value_or_throw(ChatTemplate::parse("{{ strftime_now('%Y-%m-%dT%H:%M:%S') }}", "t"));
  EXPECT_EQ(chat.render(Json::array(), {.now = 0}).text, "1970-01-01T00:00:00");
  EXPECT_EQ(chat.render(Json::array(), {.now = 1721952000}).text, "2024-07-26T00:00:00");
}

// A template that was cut off or had bytes replaced is read or refused; nothing else happens.
TEST(Jinja, survives_broken_templates) {
  std::mt19937 random(1);
  int read = 0, refused = 0;
  const std::string pieces[] = {"{{", "}}",   "{%", "%}", "-",  "'",   "(",      ")",
                                "[",  "]",    "|",  ".",  "if", "for", "endfor", "1",
                                "\\", "\xc3", "{#", ":",  "~",  "**",  "\n"};
  for (const fs::directory_entry& entry : fs::directory_iterator(kTemplates)) {
    if (entry.path().extension() != ".jinja") continue;
    const std::string whole = value_or_throw(read_text_file(entry.path()));
    for (int round = 0; round < 150; ++round) {
      std::string source = whole.substr(0, round % 3 ? whole.size() : random() % whole.size());
      for (unsigned change = 0; round % 3 && change <= random() % 4; ++change) {
        const std::string& piece = pieces[random() % std::size(pieces)];
        source.replace(random() % source.size(), random() % 6, piece);
      }
      problem_of(source).empty() ? ++read : ++refused;
    }
  }
  EXPECT_GT(read, 50);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace temper
