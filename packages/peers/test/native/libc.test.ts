import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { loadCLibrary } from '../../src/native/c-library.ts';
import { isEventfd } from '../../src/native/eventfd.ts';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import { UnixSockets } from '../../src/native/unix-socket.ts';
import { describeWith } from '../needs.ts';

describeWith(['koffi'], 'libc', () => {
  let libc: Libc;
  const open: number[] = [];

  beforeAll(async () => {
    libc = await loadLibc();
  });
  afterEach(() => {
    for (const descriptor of open.splice(0)) {
      libc.close(descriptor);
    }
  });

  function kept<T extends number | readonly number[]>(descriptors: T): T {
    open.push(...[descriptors].flat());
    return descriptors;
  }

  const isOpen = (descriptor: number): boolean => {
    try {
      fstatSync(descriptor);
      return true;
    } catch {
      return false;
    }
  };

  it('sends descriptors with bytes, and they are others of the same thing', () => {
    const [a, b] = kept(libc.socketPair());
    const event = kept(libc.eventfd());
    libc.send(a, new Uint8Array([1, 2, 3]), [event, event]);
    const into = new Uint8Array(8);
    const { bytes, descriptors } = libc.receive(b, into);
    kept(descriptors);
    expect(bytes).toBe(3);
    expect([...into]).toEqual([1, 2, 3, 0, 0, 0, 0, 0]);
    expect(descriptors).toHaveLength(2);
    expect(descriptors).not.toContain(event);
    libc.signal(descriptors[0]);
    expect(libc.drain(event)).toBe(true);
    expect(libc.drain(descriptors[1])).toBe(false);
  });

  it('takes 16 descriptors in a message, and refuses to send 17', () => {
    const [a, b] = kept(libc.socketPair());
    const event = kept(libc.eventfd());
    const many = (length: number): number[] => new Array<number>(length).fill(event);
    libc.send(a, new Uint8Array(1), many(16));
    expect(kept(libc.receive(b, new Uint8Array(1)).descriptors)).toHaveLength(16);
    expect(() => libc.send(a, new Uint8Array(1), many(17))).toThrow(RangeError);
  });

  it('sends more than a socket holds to a reader at work, and offers what there is room for', () => {
    const [a, b] = kept(libc.socketPair());
    const bytes = new Uint8Array(1 << 22).map((_, index) => index % 251);
    let sent = 0;
    const seen: Uint8Array[] = [];
    while (sent < bytes.length) {
      const room = libc.offer(a, bytes.subarray(sent));
      sent += room;
      if (room === 0) {
        expect(libc.awaitRoom(a, 0)).toBe(false);
      }
      const into = new Uint8Array(1 << 20);
      seen.push(into.subarray(0, libc.receive(b, into).bytes));
    }
    while (libc.poll([b], 0).length > 0) {
      const into = new Uint8Array(1 << 20);
      seen.push(into.subarray(0, libc.receive(b, into).bytes));
    }
    expect(Buffer.concat(seen).equals(bytes)).toBe(true);
  });

  it('says that the other end has closed, and fails rather than ends this process', () => {
    const [a, b] = libc.socketPair();
    kept(a);
    libc.close(b);
    expect(libc.poll([a], 0)).toEqual([a]);
    expect(libc.receive(a, new Uint8Array(1)).bytes).toBe(0);
    expect(() => libc.send(a, new Uint8Array(1))).toThrow(
      expect.objectContaining({ code: 'EPIPE', syscall: 'sendmsg', errno: -32 }),
    );
  });

  it('listens and connects at a path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'libc-'));
    try {
      const path = join(folder, 's');
      const server = kept(libc.listen(path));
      const client = kept(libc.connect(path));
      const accepted = kept(libc.accept(server));
      libc.send(client, new Uint8Array([7]));
      const into = new Uint8Array(1);
      libc.receive(accepted, into);
      expect(into[0]).toBe(7);
      expect(() => libc.listen(path)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
      libc.setNonBlocking(server);
      expect(() => libc.accept(server)).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
      expect(() => libc.listen(join(folder, 'x'.repeat(110)))).toThrow(
        expect.objectContaining({ code: 'ENAMETOOLONG' }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('polls while this thread goes on, and gives up in time', async () => {
    const [first, second] = [kept(libc.eventfd()), kept(libc.eventfd())];
    setTimeout(() => libc.signal(second), 20);
    expect(await libc.pollLater([first, second], 60_000)).toEqual([second]);
    libc.drain(second);
    expect(await libc.pollLater([first, second], 10)).toEqual([]);
    expect(await libc.pollLater([], 0)).toEqual([]);
  });

  it('reports what a watcher throws, and runs its promises', async () => {
    const event = kept(libc.eventfd());
    const turns: string[] = [];
    await new Promise<void>((resolve) => {
      const watch = libc.watch(event, 'readable', () => {
        watch.close();
        void Promise.resolve().then(() => {
          turns.push('promise');
          resolve();
        });
      });
      libc.signal(event);
    });
    expect(turns).toEqual(['promise']);
  });

  it('refuses to close what is watched', () => {
    const event = kept(libc.eventfd());
    const watch = libc.watch(event, 'readable', () => {});
    expect(() => libc.close(event)).toThrow('watched');
    watch.close();
  });

  it('maps a part of a file, which others see', () => {
    const file = kept(libc.memfd(3 * 4096));
    const whole = libc.map(file, 0, 3 * 4096);
    const part = libc.map(file, 5000, 100);
    new Uint8Array(part)[3] = 42;
    expect(new Uint8Array(whole)[5003]).toBe(42);
    expect(part.byteLength).toBe(100);
    libc.unmap(part);
    libc.unmap(whole);
  });

  it('maps nothing beyond the end of a file', () => {
    const file = kept(libc.memfd(4096));
    for (const [offset, bytes] of [
      [0, 4097],
      [4096, 1],
      [-4096, 4096],
      [0, 0],
      [1, Number.MAX_SAFE_INTEGER],
      [0, NaN],
    ]) {
      expect(() => libc.map(file, offset, bytes)).toThrow(RangeError);
    }
  });

  it('refuses what is larger than an ArrayBuffer, in place of ending this process', () => {
    const file = kept(libc.memfd(2 ** 33));
    expect(() => libc.map(file, 0, 2 ** 33)).toThrow(RangeError);
  });

  it('unmaps once, and whoever still looks finds nothing of the file', () => {
    const file = kept(libc.memfd(4096));
    const memory = libc.map(file, 0, 4096);
    const bytes = new Uint8Array(memory);
    bytes.fill(9);
    libc.unmap(memory);
    expect(bytes[0]).toBe(0);
    bytes[0] = 1;
    expect(new Uint8Array(libc.map(file, 0, 4096))[0]).toBe(9);
    expect(() => libc.unmap(memory)).toThrow(RangeError);
    expect(() => libc.unmap(new ArrayBuffer(8))).toThrow(RangeError);
  });

  it('frees the addresses at once of what is released, and once', () => {
    const file = kept(libc.memfd(4096));
    const mappings = (): number => readFileSync('/proc/self/maps', 'utf8').split('\n').length;
    const before = mappings();
    for (let n = 0; n < 1000; n++) {
      libc.release(libc.map(file, 0, 4096));
    }
    expect(mappings()).toBeLessThan(before + 500);
    expect(() => libc.release(new ArrayBuffer(8))).toThrow(RangeError);
  });

  it('knows an eventfd from other descriptors', () => {
    expect(isEventfd(kept(libc.eventfd()))).toBe(true);
    expect(kept([...libc.socketPair(), libc.memfd(4096)]).some(isEventfd)).toBe(false);
    expect(isEventfd(9999)).toBe(false);
  });

  it('maps what another process owns too only if that cannot shorten it', () => {
    const sealed = kept(libc.memfd(4096));
    expect(libc.mapShared(sealed, 0, 4096).byteLength).toBe(4096);
    const folder = mkdtempSync(join(tmpdir(), 'doorbell-test-'));
    const file = openSync(join(folder, 'ram'), 'w+');
    try {
      ftruncateSync(file, 4096);
      expect(() => libc.mapShared(file, 0, 4096)).toThrow('memory-backend-memfd');
    } finally {
      closeSync(file);
      rmSync(folder, { recursive: true });
    }
  });

  it('watches what cannot be polled as ready for ever, in place of ending this process', async () => {
    const folder = kept(openSync('/', 'r'));
    const turns = await new Promise<number>((resolve) => {
      let count = 0;
      const watch = libc.watch(folder, 'readable', () => {
        count++;
        if (count === 2) {
          watch.close();
          setImmediate(() => setImmediate(() => resolve(count)));
        }
      });
    });
    expect(turns).toBe(2);
  });

  it('does not wait for an eventfd that is full, or was emptied, and made to block', async () => {
    const event = kept(libc.eventfd());
    const c = await loadCLibrary();
    c.call('fcntl', event, 4, 2); // F_SETFL, O_RDWR
    expect(libc.drain(event)).toBe(false);
    writeSync(event, new BigUint64Array([2n ** 64n - 2n]));
    libc.signal(event);
    expect(libc.drain(event)).toBe(true);
  });

  it('seals a memfd against shrinking', () => {
    const file = kept(libc.memfd(4096));
    expect(() => ftruncateSync(file, 0)).toThrow(expect.objectContaining({ code: 'EPERM' }));
  });

  it('refuses a message with too many descriptors, and keeps none of them', async () => {
    const [a, b] = kept(libc.socketPair());
    const event = kept(libc.eventfd());
    const before = openDescriptors();
    libc.send(a, new Uint8Array(1), [event, event, event]);
    const narrow = new UnixSockets(await loadCLibrary(), 2);
    expect(() => narrow.receive(b, new Uint8Array(1))).toThrow('more than 2 descriptors');
    expect(openDescriptors()).toBe(before);
  });

  it('leaves no descriptor behind', () => {
    const before = openDescriptors();
    const [a, b] = libc.socketPair();
    libc.send(a, new Uint8Array(1), [a, b]);
    for (const descriptor of [...libc.receive(b, new Uint8Array(1)).descriptors, a, b]) {
      libc.close(descriptor);
    }
    expect(openDescriptors()).toBe(before);
  });

  function openDescriptors(): number {
    return Array.from({ length: 256 }, (_, index) => index).filter(isOpen).length;
  }
});
