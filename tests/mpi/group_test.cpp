// Collectives against what each rank can compute by itself.
#include "mpi/group.hpp"

#include <gtest/gtest.h>

#include <new>

#include "core/outcome.hpp"
#include "core/philox.hpp"
#include "core/problem.hpp"

namespace temper {

namespace {

// What `rank` contributes at `i`: numbers whose sums depend on the order.
double term(int rank, std::int64_t i) {
  const auto words = philox({1, std::uint32_t(rank)}, {std::uint32_t(i), 0, 0, 0});
  return uniform_double(words[0], words[1]) * (words[2] % 2 == 0 ? 1e8 : 1e-3);
}

template <class T>
std::vector<T> terms(int rank, std::int64_t count) {
  std::vector<T> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(T(term(rank, i)));
  return values;
}

template <class T>
std::vector<T> sums_in_rank_order(int ranks, std::int64_t count) {
  std::vector<T> sums = terms<T>(0, count);
  for (int r = 1; r < ranks; ++r) {
    const std::vector<T> more = terms<T>(r, count);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += more[i];
  }
  return sums;
}

// Zero, one, fewer than ranks, not divisible, just beyond one message, and several pieces.
const std::vector<std::int64_t> kCounts{0, 1, 3, 511, 1025, 70'001, 600'003};

}  // namespace

TEST(Group, all_reduce_gives_the_sum_in_rank_order_to_the_last_bit) {
  const Group world = Group::world();
  for (const std::int64_t count : kCounts) {
    std::vector<double> exact = terms<double>(world.rank(), count);
    world.all_reduce_sum(exact.data(), count, Dtype::f64);
    EXPECT_EQ(exact, sums_in_rank_order<double>(world.size(), count)) << count;
    std::vector<float> single = terms<float>(world.rank(), count);
    world.all_reduce_sum(single.data(), count, Dtype::f32);
    EXPECT_EQ(single, sums_in_rank_order<float>(world.size(), count)) << count;
  }
}

TEST(Group, reduce_scatter_gives_the_bits_of_all_reduce) {
  const Group world = Group::world();
  for (const std::int64_t part : {1, 64, 5'003, 300'001}) {
    const std::int64_t count = part * world.size();
    std::vector<float> values = terms<float>(world.rank(), count);
    world.reduce_scatter_sum(values.data(), part, Dtype::f32);
    const std::vector<float> sums = sums_in_rank_order<float>(world.size(), count);
    const auto own = world.rank() * part;
    EXPECT_TRUE(std::equal(values.begin() + own, values.begin() + own + part, sums.begin() + own))
        << part;
  }
}

TEST(Group, all_gather_brings_every_part_to_everyone) {
  const Group world = Group::world();
  for (const std::int64_t part : {1, 77, 1'000'003}) {
    std::vector<std::int16_t> values(std::size_t(part * world.size()), -1);
    for (std::int64_t i = 0; i < part; ++i)
      values[std::size_t(world.rank() * part + i)] = std::int16_t(world.rank() * 1000 + i % 997);
    world.all_gather(values.data(), part, Dtype::bf16);
    std::int64_t wrong = 0;
    for (int r = 0; r < world.size(); ++r)
      for (std::int64_t i = 0; i < part; ++i)
        wrong += values[std::size_t(r * part + i)] != std::int16_t(r * 1000 + i % 997);
    EXPECT_EQ(wrong, 0) << part;
  }
}

TEST(Group, whole_numbers_are_summed_and_the_largest_is_found) {
  const Group world = Group::world();
  const std::int64_t n = world.size();
  std::vector<std::int64_t> values{world.rank() + 1, -5, std::int64_t{1} << 40};
  world.all_reduce_sum(values.data(), 3, Dtype::i64);
  EXPECT_EQ(values, (std::vector<std::int64_t>{n * (n + 1) / 2, -5 * n, n << 40}));
  std::vector<double> largest{double(world.rank()), -double(world.rank())};
  world.all_reduce_max(largest.data(), 2, Dtype::f64);
  EXPECT_EQ(largest, (std::vector<double>{double(n - 1), 0}));
}

TEST(Group, texts_of_any_length_reach_every_rank_in_rank_order) {
  const Group world = Group::world();
  const auto text = [](int rank) { return std::string(std::size_t(rank) * 700'000, 'a'); };
  const std::vector<std::string> all = world.all_gather_text(text(world.rank()));
  ASSERT_EQ(all.size(), std::size_t(world.size()));
  for (int r = 0; r < world.size(); ++r) EXPECT_EQ(all[std::size_t(r)], text(r));
}

TEST(Group, split_groups_count_their_own_ranks) {
  const Group world = Group::world();
  const Group half = world.split(world.rank() % 2, -world.rank());
  std::int64_t sum = world.rank();
  half.all_reduce_sum(&sum, 1, Dtype::i64);
  std::int64_t expected = 0;
  for (int r = world.rank() % 2; r < world.size(); r += 2) expected += r;
  EXPECT_EQ(sum, expected);
  EXPECT_EQ(world.split_by_node().size(), world.size());
}

TEST(Group, bytes_sent_are_those_of_a_ring) {
  const Group world = Group::world();
  const std::int64_t part = 5'000, n = world.size(), before = world.bytes_sent();
  std::vector<float> values(std::size_t(part * n), 1.0f);
  world.reduce_scatter_sum(values.data(), part, Dtype::f32);
  EXPECT_EQ(world.bytes_sent() - before, (n - 1) * part * 4);
}

TEST(RunAgreed, returns_on_every_rank_when_none_fails) {
  const Group world = Group::world();
  int calls = 0;
  run_agreed(world, "nothing", [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(RunAgreed, everyone_throws_what_the_lowest_failed_rank_threw) {
  const Group world = Group::world();
  const int first = world.size() > 1 ? 1 : 0;
  try {
    run_agreed(world, "reading", [&] {
      if (world.rank() >= first)
        throw WorldFailure(Outcome::io_error, "disk " + std::to_string(world.rank()));
    });
    FAIL() << "nothing was thrown";
  } catch (const AgreedFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::io_error);
    EXPECT_EQ(std::string(failure.what()),
              world.size() > 1 ? "rank 1, reading: disk 1" : "reading: disk 0");
  }
}

TEST(RunAgreed, problems_of_the_user_keep_their_text) {
  const Group world = Group::world();
  const Problem problem{"train.learning_rate", "is negative", "", "Use 5e-5?"};
  try {
    run_agreed(world, "checking", [&] {
      if (world.rank() == world.size() - 1) throw BadInput(problem);
    });
    FAIL() << "nothing was thrown";
  } catch (const AgreedFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::bad_manifest);
    EXPECT_EQ(std::string(failure.what()), BadInput(problem).what());
  }
}

TEST(RunAgreed, a_lack_of_memory_is_known_by_its_kind) {
  const Group world = Group::world();
  for (const bool torch : {false, true}) try {
      run_agreed(world, "allocating", [&] {
        if (world.rank() != 0) return;
        if (torch)
          throw std::runtime_error(
              "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate "
              "memory: you tried to allocate 9 bytes.\nException raised from alloc");
        throw std::bad_alloc();
      });
      FAIL() << "nothing was thrown";
    } catch (const AgreedFailure& failure) {
      EXPECT_EQ(failure.outcome(), Outcome::out_of_memory);
    }
}

}  // namespace temper
