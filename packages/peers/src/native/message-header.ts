/** How recvmsg and sendmsg are told of bytes and descriptors: 64-bit Linux, little-endian. */
import { struct, u32, u64, u8, array } from '@doorbell/abi';

/** `struct msghdr`. */
export const messageHeader = struct('msghdr', {
  name: u64,
  namelen: u32,
  pad1: u32,
  iov: u64,
  iovlen: u64,
  control: u64,
  controllen: u64,
  flags: u32,
  pad2: u32,
});

/** `struct iovec`. */
export const ioVector = struct('iovec', { base: u64, len: u64 });

/** `struct cmsghdr`; what it brings follows, up to `len`, which counts the header too. */
export const controlHeader = struct('cmsghdr', { len: u64, level: u32, type: u32 });

/** `struct sockaddr_un`, of AF_UNIX. */
export const SOCKET_PATH_BYTES = 108;
export const socketAddress = struct('sockaddr_un', {
  family: array(u8, 2),
  path: array(u8, SOCKET_PATH_BYTES),
});

export const SOL_SOCKET = 1;
export const SCM_RIGHTS = 1;
/** The next control message begins at a multiple of it. */
export const CONTROL_ALIGN = 8;
