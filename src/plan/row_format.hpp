// What the rows of a study hold, and what a task trains on them.
//
//   row_format_of(data, "train.jsonl")     // {"messages": [...]}  ->  "messages"
//   stage_of("causal-lm", "messages")           // "sft"
#pragma once

#include <string>

#include "plan/run_spec.hpp"

namespace temper {

// data.row_format, or what the columns of the file's first row say: messages, sharegpt
// (`conversations`), prompt-completion, alpaca (`instruction` and `output`), else text.
std::string row_format_of(const DataSpec& data, const std::string& file);

// The column of a conversation: ShareGPT calls it "conversations" unless the manifest names it.
std::string messages_column(const DataSpec& data, const std::string& row_format);

// The stage that a task has where the manifest names none.
std::string stage_of(const std::string& task, const std::string& row_format);

// What `sft` learns of a row: the assistant's words, the completion, or everything.
enum class LearnedPart { assistant, completion, everything };
LearnedPart learned_part(const TrainSpec& train, const std::string& row_format);
std::string to_text(LearnedPart part);
LearnedPart learned_part_of(const std::string& text);

}  // namespace temper
