/** The C library's functions, by koffi: their names, their types, and their errors. */
import { getSystemErrorMap } from 'node:util';
import type * as Koffi from 'koffi';
import { PeerUnavailable } from '../peer-unavailable.ts';

type KoffiModule = typeof Koffi;

/** ssize_t is not among koffi's types: int64_t is the same on every system that it runs on here. */
const prototypes = {
  socketpair: 'int socketpair(int domain, int type, int protocol, void *pair)',
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, const void *address, uint32_t length)',
  listen: 'int listen(int fd, int backlog)',
  accept4: 'int accept4(int fd, void *address, void *length, int flags)',
  connect: 'int connect(int fd, const void *address, uint32_t length)',
  sendmsg: 'int64_t sendmsg(int fd, const void *message, int flags)',
  recvmsg: 'int64_t recvmsg(int fd, void *message, int flags)',
  close: 'int close(int fd)',
  eventfd: 'int eventfd(uint32_t initial, int flags)',
  read: 'int64_t read(int fd, void *into, size_t bytes)',
  write: 'int64_t write(int fd, const void *from, size_t bytes)',
  poll: 'int poll(void *fds, uint64_t count, int timeout)',
  mmap: 'void *mmap(void *address, size_t bytes, int protection, int flags, int fd, int64_t offset)',
  munmap: 'int munmap(void *address, size_t bytes)',
  memfd_create: 'int memfd_create(const char *name, uint32_t flags)',
  ftruncate: 'int ftruncate(int fd, int64_t bytes)',
  fcntl: 'int fcntl(int fd, int command, int argument)',
  epoll_create1: 'int epoll_create1(int flags)',
  epoll_ctl: 'int epoll_ctl(int epoll, int operation, int fd, void *event)',
} as const;

export type CFunction = keyof typeof prototypes;
/** A descriptor, a number, bytes that are passed by their address, a name, or an address. */
export type CArgument = number | bigint | string | Uint8Array | Int32Array | null;
type Bound = (...args: CArgument[]) => number | bigint;

/** Watches a descriptor by this thread's event loop. */
export interface Watch {
  close(): void;
}

export type WatchedEvents = 'readable' | 'writable' | 'both';

const EINTR = 4;
const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_EVENT_BYTES = 12;

/** As Node's own errors of system calls are. */
export function systemError(errno: number, syscall: string): NodeJS.ErrnoException {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown error'];
  return Object.assign(new Error(`${code}: ${text}, ${syscall}`), {
    code,
    errno: -errno,
    syscall,
  });
}

export class CLibrary {
  private readonly koffi: KoffiModule;
  private readonly watched = new Set<number>();
  private readonly bound: Readonly<Record<CFunction, Bound>>;

  constructor(koffi: KoffiModule) {
    this.koffi = koffi;
    const library = koffi.load(null);
    this.bound = Object.fromEntries(
      Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]),
    ) as unknown as Record<CFunction, Bound>;
  }

  /** Again while a signal interrupts it. @returns what the function does. @throws as Node does */
  call(name: CFunction, ...args: CArgument[]): number {
    return Number(this.callFor(name, args));
  }

  /** An address. @throws as Node does */
  callForAddress(name: 'mmap', ...args: CArgument[]): bigint {
    return BigInt(this.callFor(name, args));
  }

  private callFor(name: CFunction, args: readonly CArgument[]): number | bigint {
    for (;;) {
      const result = this.bound[name](...args);
      // -1, also of an address.
      if (result !== -1 && result !== -1n && result !== 0xffff_ffff_ffff_ffffn) {
        return result;
      }
      const errno = this.koffi.errno();
      if (errno !== EINTR) {
        throw systemError(errno, name);
      }
    }
  }

  /** It must live as long as the address is used. */
  addressOf(bytes: Uint8Array): bigint {
    return this.koffi.address(bytes);
  }

  /** The memory at an address, without a copy. */
  view(address: bigint, bytes: number): ArrayBuffer {
    return this.koffi.view(address, bytes);
  }

  /** Calls back, in turns of the event loop, for as long as a descriptor is ready. */
  watch(descriptor: number, events: WatchedEvents, onReady: () => void): Watch {
    const options = {
      readable: events !== 'writable',
      writable: events !== 'readable',
      disconnect: true,
    };
    let isClosed = false;
    if (!this.isPollable(descriptor)) {
      // As poll(2) has it: ready at once, and for ever. koffi would end this process.
      const again = (): void => {
        setImmediate(() => {
          if (!isClosed) {
            again();
            onReady();
          }
        });
      };
      again();
      return {
        close: () => {
          isClosed = true;
        },
      };
    }
    // koffi calls from outside of Node: only a callback of Node's own runs promises afterwards,
    // and reports what is thrown. The loop runs it before it polls again.
    const poll = this.koffi.node.poll(descriptor, options, () => {
      setImmediate(() => {
        if (!isClosed) {
          onReady();
        }
      });
    });
    this.watched.add(descriptor);
    return {
      close: () => {
        if (!isClosed) {
          isClosed = true;
          this.watched.delete(descriptor);
          poll.close();
        }
      },
    };
  }

  /** Files and folders are not, and whoever is on a socket may send them. */
  private isPollable(descriptor: number): boolean {
    const probe = this.call('epoll_create1', EPOLL_CLOEXEC);
    try {
      this.call('epoll_ctl', probe, EPOLL_CTL_ADD, descriptor, new Uint8Array(EPOLL_EVENT_BYTES));
      return true;
    } catch {
      return false;
    } finally {
      this.call('close', probe);
    }
  }

  /** @throws Error while it is watched: the event loop would end this process. */
  close(descriptor: number): void {
    if (this.watched.has(descriptor)) {
      throw new Error(`Descriptor ${descriptor} is closed while it is watched.`);
    }
    this.call('close', descriptor);
  }
}

/** @throws PeerUnavailable */
export async function loadCLibrary(): Promise<CLibrary> {
  if (process.platform !== 'linux') {
    throw new PeerUnavailable('Descriptors are passed and mapped as Linux does: this needs Linux.');
  }
  let koffi: KoffiModule;
  try {
    ({ default: koffi } = (await import('koffi')) as unknown as { default: KoffiModule });
  } catch (error) {
    throw new PeerUnavailable('koffi is missing: npm install --include=optional gets it.', {
      cause: error,
    });
  }
  return new CLibrary(koffi);
}
