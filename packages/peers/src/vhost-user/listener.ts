/** Listens at a path for front-ends, and serves one after the other. */
import { lstatSync, rmSync, type Stats } from 'node:fs';
import type { Libc, Watch } from '../native/libc.ts';
import type { GpuBackend } from './connection.ts';
import { serveVhostUser, type VhostUserConnection } from './server.ts';

export interface VhostUserListenerParts {
  readonly libc: Libc;
  readonly path: string;
  /** Makes what serves a front-end; it is closed when that has left. */
  readonly open: () => Promise<GpuBackend>;
  readonly onConnected: (connection: VhostUserConnection) => void;
  /** It could not go on. The listener is closed. */
  readonly onError: (error: unknown) => void;
}

export interface VhostUserListener {
  /** Lets the front-end go, and removes the socket. */
  close(): Promise<void>;
}

/** The path is taken: by somebody who listens there, or by what is no socket. */
export class PathTaken extends Error {
  override readonly name = 'PathTaken';
  readonly isListening: boolean;

  constructor(message: string, isListening: boolean) {
    super(message);
    this.isListening = isListening;
  }
}

/**
 * A socket that nobody listens at any more is replaced.
 * @throws PathTaken, and the system's errors
 */
export function listenVhostUser(parts: VhostUserListenerParts): VhostUserListener {
  const { libc, path } = parts;
  removeStale(libc, path);
  const socket = libc.listen(path);
  libc.setNonBlocking(socket); // who wanted to connect may be gone
  return new Listener(parts, socket, lstatSync(path));
}

class Listener implements VhostUserListener {
  private readonly parts: VhostUserListenerParts;
  private readonly socket: number;
  private readonly file: Stats;
  private watch: Watch | undefined;
  private connection: VhostUserConnection | undefined;
  private serving: Promise<void> = Promise.resolve();
  private isClosed = false;

  constructor(parts: VhostUserListenerParts, socket: number, file: Stats) {
    this.parts = parts;
    this.socket = socket;
    this.file = file;
    this.listen();
  }

  private listen(): void {
    this.watch = this.parts.libc.watch(this.socket, 'readable', () => {
      this.watch?.close();
      this.serving = this.serveNext().catch((error: unknown) => {
        this.stop();
        this.parts.onError(error);
      });
    });
  }

  /** Whoever comes meanwhile waits until this one has left. */
  private async serveNext(): Promise<void> {
    const { libc, open, onConnected } = this.parts;
    const socket = this.accept();
    if (socket !== undefined) {
      const backend = await open().catch((error: unknown) => {
        libc.close(socket);
        throw error;
      });
      this.connection = serveVhostUser({ socket, libc, backend });
      onConnected(this.connection);
      if (this.isClosed) {
        void this.connection.close();
      }
      await this.connection.closed;
      this.connection = undefined;
    }
    if (!this.isClosed) {
      this.listen();
    }
  }

  private accept(): number | undefined {
    try {
      return this.parts.libc.accept(this.socket);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'ECONNABORTED') {
        return undefined;
      }
      throw error;
    }
  }

  private stop(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.watch?.close();
      this.parts.libc.close(this.socket);
      // Only what was made here: the path may have become another's.
      if (lstatSync(this.parts.path, { throwIfNoEntry: false })?.ino === this.file.ino) {
        rmSync(this.parts.path, { force: true });
      }
    }
  }

  async close(): Promise<void> {
    this.stop();
    await this.connection?.close();
    await this.serving;
  }
}

/** @throws PathTaken */
function removeStale(libc: Libc, path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) {
    return;
  }
  if (!there.isSocket()) {
    throw new PathTaken(`'${path}' is there and is no socket.`, false);
  }
  try {
    libc.close(libc.connect(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') {
      throw error;
    }
    rmSync(path, { force: true });
    return;
  }
  throw new PathTaken(`Somebody listens at '${path}' already.`, true);
}
