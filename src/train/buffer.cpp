#include "train/buffer.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <sys/mman.h>

#include <new>

namespace temper {

at::Tensor zero_buffer(std::int64_t count, at::ScalarType dtype, Touch touch) {
  constexpr std::size_t kSmall = 1 << 16;
  const std::size_t bytes = std::size_t(count) * c10::elementSize(dtype);
  if (bytes < kSmall) return at::zeros({count}, at::dtype(dtype));
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // Advice only: without huge pages the buffer works as well.
  if (touch == Touch::whole) (void)::madvise(memory, bytes, MADV_HUGEPAGE);
  return at::from_blob(
      memory, {count}, [bytes](void* pages) { ::munmap(pages, bytes); }, at::dtype(dtype));
}

}  // namespace temper
