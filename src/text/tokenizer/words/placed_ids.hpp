// Ids of one word together with the bytes of the word that each stands for.
#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenizer/cutting/splitting.hpp"

namespace temper {

struct PlacedIds {
  std::vector<std::int32_t> ids;
  std::vector<Span> places;  // of bytes; several tokens may share one
  // Ids that a word must not become, whatever it looks like; null: none.
  const std::vector<bool>* barred = nullptr;

  void push(std::int32_t id, std::size_t begin, std::size_t end) {
    ids.push_back(id);
    places.push_back({std::uint32_t(begin), std::uint32_t(end)});
  }
  void resize(std::size_t size) {
    ids.resize(size);
    places.resize(size);
  }
  bool is_barred(std::int32_t id) const {
    return barred != nullptr && std::size_t(id) < barred->size() && (*barred)[std::size_t(id)];
  }
};

}  // namespace temper
