// Renderings against those of Jinja2 3.1.6 in Transformers' environment, recorded by
// tests/oracles/chat_templates.py.
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/file.hpp"
#include "text/chat_template.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

const fs::path kData = fs::path(TEMPER_SOURCE_DIR) / "tests/text/data";

struct Outcome {
  std::string text, error;
  std::vector<Extent> generated;
};

Outcome outcome_of(const std::string& source, const Json& messages, const ChatOptions& options) {
  const Checked<ChatTemplate> chat = ChatTemplate::parse(source, "template");
  if (!chat) return {"", to_text(chat.problems()), {}};
  try {
    RenderedChat rendered = chat.value().render(messages, options);
    return {rendered.text, "", rendered.generated};
  } catch (const BadInput& error) {
    return {"", error.what(), {}};
  }
}

// What Jinja2 refuses is refused, with the template's own words where it raised.
void expect_same(const Json& recorded, const Outcome& outcome) {
  if (!recorded.contains("error")) {
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(outcome.text, recorded["text"].get<std::string>());
    return;
  }
  const auto expected = recorded["error"].get<std::string>();
  EXPECT_NE(outcome.error, "") << "rendered: " << outcome.text << "\nexpected: " << expected;
  if (expected.starts_with("TemplateError: ")) {
    EXPECT_NE(outcome.error.find(expected.substr(15)), std::string::npos) << outcome.error;
  }
}

void check_cases(const fs::path& file, const fs::path& templates) {
  const Json recorded = value_or_throw(read_json_file(file));
  ASSERT_GT(recorded["cases"].size(), 0u);
  for (const Json& one : recorded["cases"]) {
    const auto name = one["template"].get<std::string>();
    SCOPED_TRACE(name + ", " + one["conversation"].dump() + ", " + one["prompt"].dump());
    const Json& conversation = recorded["conversations"][one["conversation"].get<std::string>()];
    ChatOptions options{.tools = conversation.value("tools", Json()),
                        .add_generation_prompt = one["prompt"].get<bool>(),
                        .bos_token = "<s>",
                        .eos_token = "</s>",
                        .now = recorded["now"].get<std::int64_t>(),
                        .variables = conversation.value("variables", Json::object())};
    const Outcome outcome = outcome_of(value_or_throw(read_text_file(templates / name)),
                                       conversation["messages"], options);
    expect_same(one, outcome);
    if (one.contains("error")) continue;
    std::vector<Extent> generated;  // spans that touch are one
    for (const Json& span : one["generated"])
      if (const Extent extent{span[0].get<int>(), span[1].get<int>()}; !extent.empty()) {
        if (!generated.empty() && generated.back().end == extent.begin)
          generated.back().end = extent.end;
        else
          generated.push_back(extent);
      }
    EXPECT_EQ(outcome.generated, generated);
  }
}

TEST(JinjaConformance, snippets_render_as_in_jinja2) {
  const Json recorded = value_or_throw(read_json_file(kData / "chat_templates.json"));
  ASSERT_GT(recorded["snippets"].size(), 100u);
  const ChatOptions options{.now = recorded["now"].get<std::int64_t>(),
                            .variables = recorded["names"]};
  for (const Json& one : recorded["snippets"]) {
    SCOPED_TRACE(one["source"].dump());
    expect_same(one, outcome_of(one["source"].get<std::string>(), Json::array(), options));
  }
}

TEST(JinjaConformance, published_templates_render_as_in_jinja2) {
  check_cases(kData / "chat_templates.json", kData / "templates");
}

// Any other templates, recorded by the same script with --templates.
TEST(JinjaConformance, templates_of_ones_own_render_as_in_jinja2) {
  const char* file = std::getenv("TEMPER_CHAT_CASES");
  if (!file) GTEST_SKIP() << "TEMPER_CHAT_CASES names no file";
  check_cases(file, value_or_throw(read_json_file(file))["templates"].get<std::string>());
}

}  // namespace
}  // namespace temper
