/** QEMU's virtio-gpu and ours. */
import { gpuResponseLayouts } from '@doorbell/abi';
import { areDisplays } from './displays.ts';
import type { KnownDifference, Seen } from './known-difference.ts';

const device = 'virtio-gpu';
const OK = '24 bytes OK_NODATA';
const INVALID = '24 bytes ERR_INVALID_PARAMETER';
const NO_MEMORY = '24 bytes ERR_OUT_OF_MEMORY';
const UNKNOWN_ID = '24 bytes ERR_INVALID_RESOURCE_ID';

const creation: readonly KnownDifference[] = [
  {
    id: 'virtio-gpu/no-pixels',
    device,
    where: ['0 by 0', '0 by 16', '16 by 0'].map((size) => `creation: RESOURCE_CREATE_2D: ${size}`),
    values: [INVALID, NO_MEMORY],
    ours: 'A picture without pixels has a wrong parameter.',
    qemu: 'Its pixels cannot be allocated, so memory is said to be short.',
    why:
      'Both refuse it. VIRTIO 1.3 §5.7.6.7 names both responses and does not say when each is ' +
      'given; no memory is short of.',
  },
  {
    id: 'virtio-gpu/largest-picture',
    device,
    where: 'creation: RESOURCE_CREATE_2D: wider than 4096',
    values: [INVALID, OK],
    ours: 'Pictures have at most 4096 pixels in each direction, which is what the renderers draw.',
    qemu: 'Any that fit into the memory for pictures.',
    why: 'VIRTIO 1.3 §5.7.6.8 sets no bound; a device may run out of what it has.',
  },
  {
    id: 'virtio-gpu/largest-picture-gone',
    device,
    where: 'creation: RESOURCE_UNREF: wider than 4096',
    values: [UNKNOWN_ID, OK],
    ours: 'The picture was not made.',
    qemu: 'It was.',
    why: 'It follows from virtio-gpu/largest-picture.',
  },
];

const transfers: readonly KnownDifference[] = [
  {
    id: 'virtio-gpu/short-backing',
    device,
    where: ['half of which is there', 'all but a byte', 'beyond the end', 'from 2^63'].map(
      (what) => `short backing: TRANSFER_TO_HOST_2D: ${what}`,
    ),
    values: [INVALID, OK],
    ours: 'A transfer from beyond the backing is refused, and moves nothing.',
    qemu: 'It moves what there is, which may be nothing, and says that all is well.',
    why:
      'VIRTIO 1.3 §5.7.6.8 says of the command: "Transfer from guest memory to host resource". ' +
      'Where there is no such memory, a driver that hears of it can mend its mistake.',
  },
  {
    id: 'virtio-gpu/offset-of-64-bits',
    device,
    where: 'short backing: TRANSFER_TO_HOST_2D: from 2^32',
    values: [INVALID, OK],
    ours: 'All 64 bits of the offset count.',
    qemu: 'Its lower 32 bits do: this one is taken for 0.',
    why: 'The field is le64 in VIRTIO 1.3 §5.7.6.8, struct virtio_gpu_transfer_to_host_2d.',
  },
];

const EDID = /^(\d+) bytes OK_EDID ([0-9a-f]*)$/;
/** The answer's type is in words. */
const TYPE_BYTES = 4;
/** Of the display that our backends have. */
const PRODUCT = 0x1050;

/** Two answers to GET_EDID of the same length, with headers that are the same. */
function areEdids(ours: Seen, theirs: Seen): boolean {
  const [mine, other] = [answered(ours), answered(theirs)];
  return (
    other !== undefined &&
    mine?.used === other.used &&
    mine.head === other.head &&
    areDisplays(mine.edid, other.edid, PRODUCT)
  );
}

interface EdidAnswer {
  readonly used: number;
  readonly head: string;
  readonly edid: Uint8Array;
}

/** Undefined: it is none, or bytes follow the EDID. */
function answered(seen: Seen): EdidAnswer | undefined {
  const [, used, rest] = EDID.exec(`${seen}`) ?? [];
  if (used === undefined) {
    return undefined;
  }
  const layout = gpuResponseLayouts.OK_EDID;
  const whole = new Uint8Array(layout.size);
  whole.set(Buffer.from(rest, 'hex').subarray(0, layout.size - TYPE_BYTES), TYPE_BYTES);
  const { size, edid } = layout.decode(whole);
  const head = Buffer.from(whole.subarray(0, layout.offsets.size)).toString('hex');
  const isOver = edid.subarray(size).every((byte) => byte === 0);
  return isOver ? { used: Number(used), head, edid: edid.subarray(0, size) } : undefined;
}

const screens: readonly KnownDifference[] = [
  {
    id: 'virtio-gpu/not-flushed',
    device,
    where: ['on the scanout', 'transferred'].map((what) => `unflushed: ${what}, and not flushed`),
    values: ['as before', 'the same'],
    ours: 'The screen shows what was flushed.',
    qemu: 'Its display reads the resource itself, and shows what was transferred before it is flushed.',
    why:
      'VIRTIO 1.3 §5.7.6.8 has RESOURCE_FLUSH "flush a scanout resource to screen"; what is seen ' +
      'before that is not said. A vhost-user display gets pixels by a message, so none come unasked.',
  },
  {
    id: 'virtio-gpu/edid',
    device,
    where: 'display: GET_EDID: of the first',
    holds: (ours, theirs) => areEdids(ours, theirs),
    ours: 'The EDID is our own: one block, of a display called Doorbell.',
    qemu: 'Four or more blocks of a "QEMU Monitor", with the modes that QEMU likes, in 1024 bytes.',
    why:
      'VIRTIO 1.3 §5.7.6.8 asks for the EDID of the display and for nothing in it. Both prefer the ' +
      'same mode, which is checked.',
  },
];

export const virtioGpuDifferences: readonly KnownDifference[] = [
  ...creation,
  ...transfers,
  ...screens,
];
