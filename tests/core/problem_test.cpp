#include "core/problem.hpp"

#include <gtest/gtest.h>

#include "core/contract.hpp"
#include "core/outcome.hpp"

namespace temper {

TEST(Problem, reads_as_a_sentence_with_the_way_out) {
  const Problem problem{"parallel.tensor_parallel_size", "3 does not divide 32 attention heads",
                        "a head is not split", "Use 2, 4 or 8?"};
  EXPECT_EQ(problem.text(),
            "parallel.tensor_parallel_size: 3 does not divide 32 attention heads (a head is not "
            "split). Use 2, 4 or 8?");
}

TEST(Problem, a_checked_value_holds_either) {
  const Checked<int> good = 3;
  const Checked<int> bad = Problem{"a", "b", "", ""};
  EXPECT_TRUE(good);
  EXPECT_EQ(good.value(), 3);
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.problems().size(), 1u);
  EXPECT_THROW(value_or_throw(Checked<int>(bad)), BadInput);
}

TEST(NearestWord, finds_typing_mistakes_and_nothing_far) {
  const std::vector<std::string> keys{"learning_rate", "lr_scheduler_type", "seed",
                                      "num_train_epochs"};
  EXPECT_EQ(nearest_word("lerning_rate", keys), "learning_rate");
  EXPECT_EQ(nearest_word("sede", keys), "seed");
  EXPECT_EQ(nearest_word("num_epochs", keys), "");
  EXPECT_EQ(nearest_word("quux", keys), "");
}

TEST(Contract, names_the_place_and_the_values) {
  try {
    expects(1 + 1 == 3, "sum is ", 1 + 1);
    FAIL() << "no throw";
  } catch (const ContractViolation& error) {
    EXPECT_NE(std::string(error.what()).find("problem_test.cpp"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("sum is 2"), std::string::npos);
  }
}

TEST(Outcome, exceptions_map_to_exit_codes) {
  std::string reason;
  try {
    throw BadInput(Problem{"x", "y", "", ""});
  } catch (...) {
    EXPECT_EQ(outcome_of_current_exception(reason), Outcome::bad_manifest);
  }
  try {
    throw io_failure("cannot write", "/x", 28);
  } catch (...) {
    EXPECT_EQ(outcome_of_current_exception(reason), Outcome::io_error);
    EXPECT_EQ(reason, "cannot write /x: No space left on device");
  }
  for (int code : {0, 1, 64, 65, 70, 74, 75, 76, 77, 79, 87, 130})
    EXPECT_EQ(exit_code(outcome_of_exit_code(code)), code);
}

}  // namespace temper
