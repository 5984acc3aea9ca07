/**
 * What Node does not offer of Linux: descriptors that are sent, shared memory, eventfds, poll. By
 * koffi, an optional dependency, which only this folder loads.
 */
import { loadCLibrary, type Watch, type WatchedEvents } from './c-library.ts';
import { Descriptors } from './descriptors.ts';
import { Mappings } from './mappings.ts';
import { type Received, UnixSockets } from './unix-socket.ts';

export type { Watch } from './c-library.ts';

/** Errors are thrown as Node's own: with `code`, `errno` and `syscall`. */
export interface Libc {
  /** Both ends of a stream of bytes (AF_UNIX, close-on-exec). */
  socketPair(): readonly [number, number];
  /** A listening socket at a path. */
  listen(path: string): number;
  accept(socket: number): number;
  /** A socket that is connected to whoever listens at a path. */
  connect(path: string): number;
  /** Blocks. At most `into.length` bytes, and 16 descriptors. */
  receive(socket: number, into: Uint8Array): Received;
  /** Blocks until all is sent; the descriptors go with the first byte. No SIGPIPE. */
  send(socket: number, bytes: Uint8Array, descriptors?: readonly number[]): void;
  /**
   * Sends as many bytes as there is room for, and says how many: if any, the descriptors went too.
   * Does not block.
   */
  offer(socket: number, bytes: Uint8Array, descriptors?: readonly number[]): number;
  /** Whether there is room for much: waits at most `timeoutMs` for it. */
  awaitRoom(socket: number, timeoutMs: number): boolean;
  close(descriptor: number): void;
  /** Reads and writes of it fail rather than block, for whoever shares it too. */
  setNonBlocking(descriptor: number): void;
  eventfd(): number;
  /** Adds 1. */
  signal(eventfd: number): void;
  /** Sets it to 0; whether it was more. Does not block. */
  drain(eventfd: number): boolean;
  /** Which of the descriptors can be read without blocking, or have ended. Waits at most `timeoutMs`; -1: for ever. */
  poll(descriptors: readonly number[], timeoutMs: number): readonly number[];
  /**
   * As `poll`, while this thread goes on. A descriptor must not be waited for twice at a time, nor
   * closed meanwhile.
   */
  pollLater(descriptors: readonly number[], timeoutMs: number): Promise<readonly number[]>;
  /**
   * Calls back in turns of this thread's event loop while a descriptor is ready, until it is
   * closed: before the descriptor is. One watch of a descriptor at a time.
   */
  watch(descriptor: number, events: WatchedEvents, onReady: () => void): Watch;
  /**
   * Maps a part of a file, shared, for reading and writing. All of it must be in the file: beyond
   * its end an access would end this process. @throws RangeError
   */
  map(file: number, offset: number, bytes: number): ArrayBuffer;
  /**
   * As `map`, of a file that another process owns too, and could shorten later: it must be sealed
   * against that. @throws RangeError
   */
  mapShared(file: number, offset: number, bytes: number): ArrayBuffer;
  /** The file is let go; whoever still touches the memory finds nothing of it. @throws RangeError when it is not mapped. */
  unmap(memory: ArrayBuffer): void;
  /**
   * As `unmap`, for whoever knows that nobody touches the memory or a view of it any more: that
   * would end this process. The addresses are free at once, and not when the memory is collected,
   * which needs turns of the event loop. @throws RangeError when it is not mapped.
   */
  release(memory: ArrayBuffer): void;
  /** Of what is mapped as a file of its own, in memory; in bytes. Sealed against shrinking. */
  memfd(bytes: number): number;
}

/** @throws PeerUnavailable without koffi, or on another system than Linux. */
export async function loadLibc(): Promise<Libc> {
  const c = await loadCLibrary();
  const sockets = new UnixSockets(c);
  const descriptors = new Descriptors(c);
  const mappings = new Mappings(c);
  return {
    socketPair: () => sockets.pair(),
    listen: (path) => sockets.listen(path),
    accept: (socket) => sockets.accept(socket),
    connect: (path) => sockets.connect(path),
    receive: (socket, into) => sockets.receive(socket, into),
    send: (socket, bytes, attached = []) => sockets.send(socket, bytes, attached),
    offer: (socket, bytes, attached = []) => sockets.offer(socket, bytes, attached),
    awaitRoom: (socket, timeoutMs) => descriptors.awaitRoom(socket, timeoutMs),
    setNonBlocking: (descriptor) => descriptors.setNonBlocking(descriptor),
    close: (descriptor) => c.close(descriptor),
    eventfd: () => descriptors.eventfd(),
    signal: (eventfd) => descriptors.signal(eventfd),
    drain: (eventfd) => descriptors.drain(eventfd),
    poll: (watched, timeoutMs) => descriptors.poll(watched, timeoutMs),
    pollLater: (watched, timeoutMs) => descriptors.pollLater(watched, timeoutMs),
    watch: (descriptor, events, onReady) => c.watch(descriptor, events, onReady),
    map: (file, offset, bytes) => mappings.map(file, offset, bytes),
    mapShared: (file, offset, bytes) => mappings.mapShared(file, offset, bytes),
    unmap: (memory) => mappings.unmap(memory),
    release: (memory) => mappings.release(memory),
    memfd: (bytes) => mappings.memfd(bytes),
  };
}
