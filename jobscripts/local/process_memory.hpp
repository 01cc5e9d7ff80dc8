// Whether processes side by side may read each other's memory: then messages between ranks of one
// computer are copied once instead of twice.
#pragma once

namespace temper {

// Tried, not guessed: one child reads another's memory (process_vm_readv). False where the kernel
// (yama.ptrace_scope), a container or a sandbox forbids it.
bool siblings_may_read_memory();

}  // namespace temper
