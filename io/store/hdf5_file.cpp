#include "io/store/hdf5_file.hpp"

#include <hdf5.h>

#include <cstdlib>

#include "core/contract.hpp"
#include "core/outcome.hpp"

namespace temper {

namespace {

// The innermost words of HDF5's error stack.
std::string hdf5_words() {
  std::string words;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned depth, const H5E_error2_t* error, void* out) -> herr_t {
        if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
        return 0;
      },
      &words);
  return words.empty() ? "HDF5 gives no reason" : words;
}

[[noreturn]] void hdf5_failure(const std::string& path, const std::string& what) {
  throw WorldFailure(Outcome::io_error, "cannot " + what + " " + path + ": " + hdf5_words());
}

// Errors become exceptions, so the library need not print them. Locks are not needed (files are
// written under a name of their own) and not known to every parallel file system.
void prepare_hdf5() {
  ::setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close closer, const std::string& path, const std::string& what)
      : id_(id), close_(closer) {
    if (id < 0) hdf5_failure(path, what);
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }
  bool close() {
    const bool closed = close_(id_) >= 0;
    id_ = -1;
    return closed;
  }

 private:
  hid_t id_;
  Close close_;
};

hid_t hdf5_type(Element element) {
  switch (element) {
    case Element::u8:
      return H5T_STD_U8LE;
    case Element::u16:
      return H5T_STD_U16LE;
    case Element::u32:
      return H5T_STD_U32LE;
    case Element::i32:
      return H5T_STD_I32LE;
    case Element::u64:
      return H5T_STD_U64LE;
    case Element::f64:
      return H5T_IEEE_F64LE;
  }
  return H5I_INVALID_HID;
}

void write_format(hid_t file, const std::string& path, const std::string& format) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, path, "describe");
  H5Tset_size(type, format.size());
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, path, "describe");
  const Handle attribute(H5Acreate2(file, "format", type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose, path, "describe");
  if (H5Awrite(attribute, type, format.data()) < 0) hdf5_failure(path, "describe");
}

void create_array(hid_t file, hid_t links, const std::string& path, StoredArray& array) {
  expects(array.count > 0, array.name, " has no elements");
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path, "create");
  H5Pset_layout(creation, H5D_CONTIGUOUS);
  H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(creation, false);
  const hsize_t count = hsize_t(array.count);
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose, path, "create");
  const Handle dataset(H5Dcreate2(file, array.name.c_str(), hdf5_type(array.element), space, links,
                                  creation, H5P_DEFAULT),
                       H5Dclose, path, "create " + array.name + " in");
  const haddr_t address = H5Dget_offset(dataset);
  if (address == HADDR_UNDEF) hdf5_failure(path, "place " + array.name + " in");
  array.address = std::int64_t(address);
}

void create_groups(hid_t file, const std::string& path, const std::vector<StoredArray>& arrays) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, path, "create");
  H5Pset_obj_track_times(creation, false);
  for (const StoredArray& array : arrays)
    for (std::size_t at = array.name.find('/'); at != std::string::npos;
         at = array.name.find('/', at + 1)) {
      const std::string group = array.name.substr(0, at);
      if (H5Lexists(file, group.c_str(), H5P_DEFAULT) > 0) continue;
      const Handle made(H5Gcreate2(file, group.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT),
                        H5Gclose, path, "create " + group + " in");
    }
}

Element element_of(hid_t type, const std::string& where) {
  for (const Element element :
       {Element::u8, Element::u16, Element::u32, Element::i32, Element::u64, Element::f64})
    if (H5Tequal(type, hdf5_type(element)) > 0) return element;
  throw WorldFailure(Outcome::io_error, where + " is of an unknown type");
}

StoredArray read_array(hid_t file, const std::string& path, const std::string& name) {
  const std::string where = path + ": " + name;
  const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose, path,
                       "open " + name + " in");
  const Handle type(H5Dget_type(dataset), H5Tclose, path, "read " + name + " in");
  const Handle space(H5Dget_space(dataset), H5Sclose, path, "read " + name + " in");
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose, path, "read " + name + " in");
  if (H5Pget_layout(creation) != H5D_CONTIGUOUS || H5Pget_external_count(creation) != 0)
    throw WorldFailure(Outcome::io_error, where + " does not lie in one piece inside the file");
  hsize_t count = 0;
  if (H5Sget_simple_extent_ndims(space) != 1 ||
      H5Sget_simple_extent_dims(space, &count, nullptr) != 1)
    throw WorldFailure(Outcome::io_error, where + " is not one-dimensional");
  StoredArray array{name, element_of(type, where), 0, 0};
  const std::uint64_t file_bytes = std::filesystem::file_size(path);
  const haddr_t address = H5Dget_offset(dataset);
  const std::uint64_t width = std::uint64_t(size_bytes(array.element));
  if (address == HADDR_UNDEF || address > file_bytes || count == 0 ||
      count > (file_bytes - address) / width)
    throw WorldFailure(Outcome::io_error,
                       where + " reaches beyond the end of the file (is it cut short?)");
  array.count = std::int64_t(count);
  array.address = std::int64_t(address);
  return array;
}

struct FoundNames {
  std::vector<std::string> datasets;
  bool foreign = false;  // a link out of the file
};

herr_t visit_link(hid_t group, const char* name, const H5L_info_t* link, void* out) {
  auto& found = *static_cast<FoundNames*>(out);
  if (link->type != H5L_TYPE_HARD) {
    found.foreign = true;
    return 0;
  }
  H5O_info_t info;
  if (H5Oget_info_by_name(group, name, &info, H5P_DEFAULT) < 0) return -1;
  if (info.type == H5O_TYPE_DATASET) found.datasets.emplace_back(name);
  return 0;
}

std::string read_format(hid_t file, const std::string& path) {
  if (H5Aexists(file, "format") <= 0) return "";
  const Handle attribute(H5Aopen(file, "format", H5P_DEFAULT), H5Aclose, path, "read");
  const Handle type(H5Aget_type(attribute), H5Tclose, path, "read");
  const Handle space(H5Aget_space(attribute), H5Sclose, path, "read");
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 || size > 64 ||
      H5Sget_simple_extent_npoints(space) != 1)
    return "";
  std::string format(size, '\0');
  if (H5Aread(attribute, type, format.data()) < 0) hdf5_failure(path, "read");
  return format;
}

}  // namespace

std::int64_t size_bytes(Element element) {
  switch (element) {
    case Element::u8:
      return 1;
    case Element::u16:
      return 2;
    case Element::u32:
    case Element::i32:
      return 4;
    default:
      return 8;
  }
}

void create_hdf5_file(const std::filesystem::path& path, const std::string& format,
                      std::vector<StoredArray>& arrays) {
  prepare_hdf5();
  const std::string name = path.string();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, name, "create");
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
  H5Pset_alignment(access, 64 << 10, 4096);
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, name, "create");
  H5Pset_obj_track_times(creation, false);
  Handle file(H5Fcreate(name.c_str(), H5F_ACC_EXCL, creation, access), H5Fclose, name, "create");
  write_format(file, name, format);
  create_groups(file, name, arrays);
  for (StoredArray& array : arrays) create_array(file, H5P_DEFAULT, name, array);
  if (!file.close()) hdf5_failure(name, "write");
}

Hdf5Contents read_hdf5_contents(const std::filesystem::path& path) {
  prepare_hdf5();
  const std::string name = path.string();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw WorldFailure(Outcome::io_error,
                       "cannot open " + name + ": " + (error ? error.message() : "is no file"));
  const Handle file(H5Fopen(name.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, name, "open");
  Hdf5Contents contents;
  contents.format = read_format(file, name);
  FoundNames found;
  if (H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, visit_link, &found) < 0)
    hdf5_failure(name, "list");
  if (found.foreign)
    throw WorldFailure(Outcome::io_error, name + " links to other files; a token store does not");
  for (const std::string& dataset : found.datasets)
    contents.arrays.push_back(read_array(file, name, dataset));
  return contents;
}

}  // namespace temper
