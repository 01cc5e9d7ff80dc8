// HDF5 for what it is good at here: naming arrays and saying where they lie. Bulk goes by pread,
// pwrite and mmap at the addresses: no byte moves through the library, so a full disk is an errno
// of ours and no half-closed file of HDF5's.
//
// All datasets are one-dimensional, contiguous, allocated when created and never filled; nothing
// carries a time, so equal content gives equal bytes. Main thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace temper {

enum class Element { u8, u16, u32, i32, u64, f64 };
std::int64_t size_bytes(Element element);

struct StoredArray {
  std::string name;  // "train/tokens"
  Element element = Element::u8;
  std::int64_t count = 0;    // above 0
  std::int64_t address = 0;  // byte in the file; set by what creates or reads
  std::int64_t bytes() const { return count * size_bytes(element); }
};

// Creates `path` (which must not exist) with these arrays, unwritten, and a text attribute
// `format` of the root; sets their addresses. Throws WorldFailure with HDF5's words.
void create_hdf5_file(const std::filesystem::path& path, const std::string& format,
                      std::vector<StoredArray>& arrays);

// Every dataset of the file, checked like hostile input: contiguous, one-dimensional, of a known
// little-endian type, inside the file, no external or virtual storage. Throws WorldFailure.
struct Hdf5Contents {
  std::string format;
  std::vector<StoredArray> arrays;
};
Hdf5Contents read_hdf5_contents(const std::filesystem::path& path);

}  // namespace temper
