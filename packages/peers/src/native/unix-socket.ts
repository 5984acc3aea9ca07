/** Unix sockets that carry descriptors (unix(7), cmsg(3)). */
import type { CLibrary } from './c-library.ts';
import { systemError } from './c-library.ts';
import {
  CONTROL_ALIGN,
  controlHeader,
  ioVector,
  messageHeader,
  SCM_RIGHTS,
  SOCKET_PATH_BYTES,
  SOL_SOCKET,
  socketAddress,
} from './message-header.ts';

/** What a message on a Unix socket brought. */
export interface Received {
  /** 0: the other end closed. */
  readonly bytes: number;
  /** Descriptors that are ours to close now. */
  readonly descriptors: readonly number[];
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0x80000;
const BACKLOG = 16;

const MSG_CTRUNC = 0x8;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

const EINVAL = 22;
const ENAMETOOLONG = 36;

/** Of one message. */
const MAX_DESCRIPTORS = 16;

const aligned = (bytes: number): number => Math.ceil(bytes / CONTROL_ALIGN) * CONTROL_ALIGN;

export class UnixSockets {
  private readonly c: CLibrary;
  // What the header points to stays where it is: it is used again for each message.
  private readonly header = Buffer.alloc(messageHeader.size);
  private readonly vector = Buffer.alloc(ioVector.size);
  private readonly control: Buffer;
  private readonly most: number;
  private readonly controlAddress: bigint;
  private readonly vectorAddress: bigint;

  /** @param most  descriptors of one message that it takes. */
  constructor(c: CLibrary, most = MAX_DESCRIPTORS) {
    this.c = c;
    this.most = most;
    this.control = Buffer.alloc(controlHeader.size + 4 * most);
    this.controlAddress = c.addressOf(this.control);
    this.vectorAddress = c.addressOf(this.vector);
  }

  pair(): readonly [number, number] {
    const ends = new Int32Array(2);
    this.c.call('socketpair', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    return [ends[0], ends[1]];
  }

  listen(path: string): number {
    return this.open((socket) => {
      this.c.call('bind', socket, addressOf(path), socketAddress.size);
      this.c.call('listen', socket, BACKLOG);
    });
  }

  connect(path: string): number {
    return this.open((socket) => {
      this.c.call('connect', socket, addressOf(path), socketAddress.size);
    });
  }

  /** A socket that is set up, or closed again. */
  private open(setUp: (socket: number) => void): number {
    const socket = this.c.call('socket', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    try {
      setUp(socket);
      return socket;
    } catch (error) {
      this.c.call('close', socket);
      throw error;
    }
  }

  accept(socket: number): number {
    return this.c.call('accept4', socket, null, null, SOCK_CLOEXEC);
  }

  // ------------------------------------------------------------------------------ receiving

  receive(socket: number, into: Uint8Array): Received {
    this.point(into, this.control.length);
    const bytes = this.c.call('recvmsg', socket, this.header, MSG_CMSG_CLOEXEC);
    const { controllen, flags } = messageHeader.decode(this.header);
    const descriptors = this.descriptors(Number(controllen));
    if ((flags & MSG_CTRUNC) !== 0) {
      for (const descriptor of descriptors) {
        this.c.call('close', descriptor);
      }
      throw Object.assign(systemError(EINVAL, 'recvmsg'), {
        message: `EINVAL: a message has more than ${this.most} descriptors, recvmsg`,
      });
    }
    return { bytes, descriptors };
  }

  private descriptors(length: number): number[] {
    const found: number[] = [];
    for (let at = 0; at + controlHeader.size <= length;) {
      const { len, level, type } = controlHeader.decode(this.control, at);
      const end = Math.min(at + Number(len), length);
      if (level === SOL_SOCKET && type === SCM_RIGHTS) {
        for (let each = at + controlHeader.size; each + 4 <= end; each += 4) {
          found.push(this.control.readInt32LE(each));
        }
      }
      at += aligned(Math.max(Number(len), controlHeader.size));
    }
    return found;
  }

  // ------------------------------------------------------------------------------ sending

  send(socket: number, bytes: Uint8Array, descriptors: readonly number[]): void {
    this.attach(descriptors);
    let sent = this.sendPart(socket, bytes, controlBytes(descriptors), 0);
    while (sent < bytes.length) {
      sent += this.sendPart(socket, bytes.subarray(sent), 0, 0);
    }
  }

  /** As many as there is room for; 0: none. */
  offer(socket: number, bytes: Uint8Array, descriptors: readonly number[]): number {
    this.attach(descriptors);
    try {
      return this.sendPart(socket, bytes, controlBytes(descriptors), MSG_DONTWAIT);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        return 0;
      }
      throw error;
    }
  }

  private sendPart(socket: number, bytes: Uint8Array, control: number, flags: number): number {
    this.point(bytes, control);
    return this.c.call('sendmsg', socket, this.header, MSG_NOSIGNAL | flags);
  }

  private attach(descriptors: readonly number[]): void {
    if (descriptors.length > this.most) {
      throw new RangeError(`A message carries at most ${this.most} descriptors.`);
    }
    const len = BigInt(controlBytes(descriptors));
    controlHeader.encode({ len, level: SOL_SOCKET, type: SCM_RIGHTS }, this.control);
    descriptors.forEach((descriptor, index) => {
      this.control.writeInt32LE(descriptor, controlHeader.size + 4 * index);
    });
  }

  /** The header says where the bytes are, and how many of control data; 0: there are none. */
  private point(bytes: Uint8Array, control: number): void {
    const base = bytes.length === 0 ? 0n : this.c.addressOf(bytes);
    ioVector.encode({ base, len: BigInt(bytes.length) }, this.vector);
    messageHeader.encode(
      {
        ...{ name: 0n, namelen: 0, pad1: 0, pad2: 0, flags: 0 },
        iov: this.vectorAddress,
        iovlen: 1n,
        control: control === 0 ? 0n : this.controlAddress,
        controllen: BigInt(control),
      },
      this.header,
    );
  }
}

function controlBytes(descriptors: readonly number[]): number {
  return descriptors.length === 0 ? 0 : controlHeader.size + 4 * descriptors.length;
}

/** @throws ENAMETOOLONG: a path and its end have to fit. */
function addressOf(path: string): Uint8Array {
  const bytes = Buffer.from(path);
  if (bytes.length >= SOCKET_PATH_BYTES || bytes.includes(0)) {
    throw systemError(ENAMETOOLONG, `bind '${path}'`);
  }
  const padded = [...bytes, ...new Array<number>(SOCKET_PATH_BYTES - bytes.length).fill(0)];
  return socketAddress.encode({ family: [AF_UNIX, 0], path: padded });
}
