/** A request as it lies in a virtqueue, right or wrong: what the device may read and write. */
import {
  ctrlHeader,
  type Decoded,
  type GpuCommand,
  gpuCommandLayouts,
  type GpuCommandName,
  gpuCommands,
  gpuQueues,
  gpuResponseLayouts,
  memEntry,
} from '@doorbell/abi';

export interface GpuRequest {
  /** Names it in what differs. */
  readonly label: string;
  readonly queue: number;
  /** What the device may read: a descriptor each. */
  readonly readable: readonly Uint8Array[];
  /** What it may write: bytes of a descriptor each. */
  readonly room: readonly number[];
}

/** What is done to both devices, in order. */
export type Step =
  | { readonly kind: 'request'; readonly request: GpuRequest }
  /** They are made available by one notification. */
  | { readonly kind: 'batch'; readonly requests: readonly GpuRequest[] }
  /** The driver writes to memory that both devices read. */
  | { readonly kind: 'memory'; readonly address: number; readonly bytes: Uint8Array }
  /** What both show is compared. */
  | { readonly kind: 'screens'; readonly label: string };

type Header = Decoded<(typeof ctrlHeader)['fields']>;
export type HeaderFields = Partial<Omit<Header, 'type'>>;
export type Fields<N extends GpuCommandName> = Omit<GpuCommand<N>, 'hdr'>;

export function header(type: number, fields: HeaderFields = {}): Header {
  const none = { flags: 0, fence_id: 0n, ctx_id: 0, ring_idx: 0, padding: new Uint8Array(3) };
  return { type, ...none, ...fields };
}

/** The fixed part of a command. */
function encodeCommand<N extends GpuCommandName>(
  name: N,
  fields: Fields<N>,
  headerFields: HeaderFields = {},
): Uint8Array {
  const layout = gpuCommandLayouts[name] as unknown as { encode(value: object): Uint8Array };
  return layout.encode({ hdr: header(gpuCommands[name], headerFields), ...fields });
}

/** Bytes of the response that a command has when all is well. */
function responseBytes(name: GpuCommandName): number {
  if (name === 'GET_DISPLAY_INFO') {
    return gpuResponseLayouts.OK_DISPLAY_INFO.size;
  }
  return name === 'GET_EDID' ? gpuResponseLayouts.OK_EDID.size : ctrlHeader.size;
}

export interface Shape {
  readonly header?: HeaderFields;
  /** What follows the fixed part. */
  readonly payload?: Uint8Array;
  readonly room?: readonly number[];
  readonly queue?: number;
}

/** A command in one descriptor, with room for its response in another. */
export function request<N extends GpuCommandName>(
  label: string,
  name: N,
  fields: Fields<N>,
  shape: Shape = {},
): GpuRequest {
  const isCursor = name === 'UPDATE_CURSOR' || name === 'MOVE_CURSOR';
  const head = encodeCommand(name, fields, shape.header);
  return {
    label: `${name}: ${label}`,
    queue: shape.queue ?? (isCursor ? gpuQueues.CURSOR : gpuQueues.CONTROL),
    readable: [shape.payload === undefined ? head : joined(head, shape.payload)],
    room: shape.room ?? (isCursor ? [] : [responseBytes(name)]),
  };
}

export interface Piece {
  readonly address: number;
  readonly bytes: number;
}

/** A scatter list. */
export function encodeEntries(pieces: readonly Piece[]): Uint8Array {
  const into = new Uint8Array(pieces.length * memEntry.size);
  pieces.forEach(({ address, bytes }, index) => {
    const entry = { addr: BigInt(address), length: bytes, padding: 0 };
    memEntry.encode(entry, into, index * memEntry.size);
  });
  return into;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const into = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.length;
  }
  return into;
}

/** The same request, whose readable bytes lie in descriptors of so many bytes. */
export function inPieces(whole: GpuRequest, bytes: number): GpuRequest {
  const all = joined(...whole.readable);
  const readable: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += bytes) {
    readable.push(all.subarray(at, at + bytes));
  }
  return { ...whole, label: `${whole.label}, in pieces of ${bytes} bytes`, readable };
}

/** Only its first bytes. */
export function cutTo(whole: GpuRequest, bytes: number): GpuRequest {
  const readable = [joined(...whole.readable).subarray(0, bytes)];
  return { ...whole, label: `${whole.label}, cut to ${bytes} bytes`, readable };
}
