#include "core/contract.hpp"

namespace temper::detail {

void broken_contract(const std::string& values, const std::source_location& where) {
  throw ContractViolation(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                          ": broken contract in " + where.function_name() + ": " + values);
}

}  // namespace temper::detail
