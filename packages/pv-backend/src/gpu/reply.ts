/** A response, and how its header answers the command's (VIRTIO 1.3 §5.7.6.7). */
import {
  ctrlHeader,
  type Decoded,
  type Fence,
  gpuFlags,
  type GpuResponseName,
  gpuResponseLayouts,
  gpuResponses,
} from '@doorbell/abi';

export interface Reply {
  readonly type: GpuResponseName;
  /** The whole response; `answer` fills in its header. */
  readonly bytes: Uint8Array;
  /** Of the work that the command gave the renderer. */
  readonly work?: Fence;
}

export type CommandHeader = Decoded<(typeof ctrlHeader)['fields']>;

/** A response that is a header alone. */
export function reply(type: GpuResponseName): Reply {
  return { type, bytes: new Uint8Array(ctrlHeader.size) };
}

export function done(work?: Fence): Reply {
  return { ...reply('OK_NODATA'), ...(work !== undefined && { work }) };
}

/** Whose header is still to be filled in. */
const emptyHeader: CommandHeader = {
  type: 0,
  flags: 0,
  fence_id: 0n,
  ctx_id: 0,
  ring_idx: 0,
  padding: new Uint8Array(3),
};

type DataName = Exclude<keyof typeof gpuResponseLayouts, 'OK_NODATA' | 'OK_CAPSET'>;
type Data<N extends DataName> = Omit<Decoded<(typeof gpuResponseLayouts)[N]['fields']>, 'hdr'>;

/** A response with data. */
export function replyWith<N extends DataName>(type: N, data: Data<N>): Reply {
  const layout = gpuResponseLayouts[type] as unknown as {
    encode(value: object): Uint8Array;
  };
  return { type, bytes: layout.encode({ hdr: emptyHeader, ...data }) };
}

/** OK_CAPSET: the capset's bytes follow the header. */
export function replyCapset(capset: Uint8Array): Reply {
  const bytes = new Uint8Array(ctrlHeader.size + capset.length);
  bytes.set(capset, ctrlHeader.size);
  return { type: 'OK_CAPSET', bytes };
}

export function isFenced({ flags }: CommandHeader): boolean {
  return (flags & gpuFlags.FENCE) !== 0;
}

/** The response's bytes. A fenced command's fence, context and ring come back; others' do not. */
export function answer({ type, bytes }: Reply, command: CommandHeader | undefined): Uint8Array {
  const fenced = command !== undefined && isFenced(command);
  const echoed = gpuFlags.FENCE | gpuFlags.INFO_RING_IDX;
  const header: CommandHeader = fenced
    ? { ...command, type: gpuResponses[type], flags: command.flags & echoed }
    : { ...emptyHeader, type: gpuResponses[type] };
  if ((header.flags & gpuFlags.INFO_RING_IDX) === 0) {
    header.ring_idx = 0;
  }
  header.padding = emptyHeader.padding;
  return ctrlHeader.encode(header, bytes);
}
