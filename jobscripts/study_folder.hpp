// The folder of a study, runs/NAME: where each file lies, and the lock that keeps two `temper run`
// of one study apart.
//
//   const StudyFolder folder{study.output_dir};
//   const StudyLock lock(folder);                    // throws when another process holds it
//   write_file_atomically(folder.study_json(), ...);
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace temper {

struct StudyFolder {
  std::filesystem::path root;

  std::filesystem::path study_json() const { return root / "study.json"; }
  std::filesystem::path journal() const { return root / "journal" / "study.jsonl"; }
  std::filesystem::path lock() const { return root / "journal" / "lock"; }
  std::filesystem::path plan(const std::string& trial) const {
    return root / "plan" / (trial + ".json");
  }
  std::filesystem::path trial(const std::string& trial) const { return root / "trials" / trial; }
  std::filesystem::path result(const std::string& id) const { return trial(id) / "result.json"; }
  std::filesystem::path model(const std::string& id) const { return trial(id) / "model"; }
  std::filesystem::path segment(const std::string& id) const { return trial(id) / "segment-1"; }
};

// "attempt-3".
std::string attempt_name(std::int64_t number);
// The largest M of the folders attempt-M; 0 when there is none.
std::int64_t last_attempt(const std::filesystem::path& segment);
// Makes attempt-M and lets the link `latest` beside it name it. Throws WorldFailure.
std::filesystem::path create_attempt(const std::filesystem::path& segment, std::int64_t number);

// Copies the manifest as study.toml and what it includes to included/, bytes as given. `manifests`:
// the file first, as Study::manifests. Throws WorldFailure.
void keep_manifests(const StudyFolder& folder, const std::vector<std::filesystem::path>& manifests);

// Held while the object lives; the system drops it when the process ends, however it ends, so that
// no lock is ever stale.
class StudyLock {
 public:
  // Makes the folder where needed. Throws WorldFailure (74): cannot be written, or another process
  // holds it (named by host, process and time).
  explicit StudyLock(const StudyFolder& folder);
  ~StudyLock();
  StudyLock(const StudyLock&) = delete;
  StudyLock& operator=(const StudyLock&) = delete;

 private:
  int descriptor_ = -1;
};

// Who holds the study's lock now ("process 4711 on node17 since ..."); nothing when it is free.
std::optional<std::string> lock_holder(const StudyFolder& folder);

}  // namespace temper
