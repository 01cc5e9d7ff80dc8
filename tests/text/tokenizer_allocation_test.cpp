// Encoding allocates nothing once its buffers have grown.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "text/tokenizer.hpp"

namespace {
thread_local std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace temper {

TEST(Tokenizer, allocates_nothing_for_texts_like_those_before) {
  const std::filesystem::path data = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/text/data";
  for (const char* name : {"small_bpe.json", "small_wordpiece.json"}) {
    const Tokenizer tokenizer = value_or_throw(Tokenizer::load(data / name));
    const auto scratch = tokenizer.make_scratch();
    std::vector<std::int32_t> ids;
    const std::string first =
        "a feline mammal (usually having thick soft fur), 1st of 24 unrelated";
    const std::string second = "fur unrelated to the first; xylophones, unseen words!";
    for (int twice = 0; twice < 2; ++twice) tokenizer.encode(first + first, {}, *scratch, ids);
    const std::size_t before = allocations;
    tokenizer.encode(second, {}, *scratch, ids);
    EXPECT_EQ(allocations, before) << name;
  }
}

}  // namespace temper
