/**
 * A seccomp filter (classic BPF, `struct sock_filter[]`) for a child: no sockets, no io_uring, and no call that looks into, signals or traces another
 * process: each answers EPERM. Calls by another instruction set's numbers kill the process.
 *
 * It stands where containers forbid namespaces, and then it is what keeps a program that broke out of WebAssembly from the network and from a cloud's
 * metadata addresses. An unprivileged process may install it; it holds across `exec` and for all its children.
 * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
 * @returns null for an instruction set whose call numbers are not written down here
 */
export function callFilter(arch: string = process.arch): Buffer | null {
  const abi = ABIS[arch]
  if (!abi) return null
  const refused = abi.refused
  const program = [
    [LOAD, 0, 0, 4],
    [JUMP_IF_EQUAL, 1, 0, abi.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, 0],
    // x86-64 has a second numbering of the same calls, told by this bit; on other sets no call has such a number.
    [JUMP_IF_AT_LEAST, 0, 1, 0x4000_0000],
    [RETURN, 0, 0, KILL_PROCESS],
    ...refused.map((call, at) => [JUMP_IF_EQUAL, refused.length - at, 0, call]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE | EPERM],
  ] as const
  const bytes = Buffer.alloc(program.length * 8)
  for (const [at, [code, yes, no, value]] of program.entries()) {
    bytes.writeUInt16LE(code, at * 8)
    bytes.writeUInt8(yes, at * 8 + 2)
    bytes.writeUInt8(no, at * 8 + 3)
    bytes.writeUInt32LE(value, at * 8 + 4)
  }
  return bytes
}

// linux/bpf_common.h, linux/seccomp.h, linux/errno.h
const LOAD = 0x20
const JUMP_IF_EQUAL = 0x15
const JUMP_IF_AT_LEAST = 0x35
const RETURN = 0x06
const KILL_PROCESS = 0x8000_0000
const REFUSE = 0x0005_0000
const ALLOW = 0x7fff_0000
const EPERM = 1

// linux/audit.h, asm/unistd_64.h and asm-generic/unistd.h
const BOTH = {
  pidfd_send_signal: 424,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  pidfd_getfd: 438,
}
const ABIS: Readonly<Record<string, { readonly audit: number; readonly refused: readonly number[] }>> = {
  x64: {
    audit: 0xc000_003e,
    refused: numbers({
      socket: 41,
      connect: 42,
      bind: 49,
      kill: 62,
      ptrace: 101,
      perf_event_open: 298,
      process_vm_readv: 310,
      process_vm_writev: 311,
      bpf: 321,
      userfaultfd: 323,
    }),
  },
  arm64: {
    audit: 0xc000_00b7,
    refused: numbers({
      ptrace: 117,
      kill: 129,
      socket: 198,
      bind: 200,
      connect: 203,
      perf_event_open: 241,
      process_vm_readv: 270,
      process_vm_writev: 271,
      bpf: 280,
      userfaultfd: 282,
    }),
  },
}

function numbers(calls: Readonly<Record<string, number>>): readonly number[] {
  return Object.values({ ...calls, ...BOTH }).sort((a, b) => a - b)
}
