/** Tables of the GPU device: its commands, its responses, its capsets. */
import {
  CHANNEL_CAPSET,
  CHANNEL_CAPSET_VERSION,
  channelCapset,
  type ChannelRecordRow,
  channelRecords,
  channelReport,
  DOORBELL_BLOB,
} from '../channel-stream.ts';
import type { Fields, Struct } from '../layout.ts';
import {
  BELL_CAPSET,
  BELL_CAPSET_VERSION,
  bellCapset,
  blobFlags,
  blobMemory,
  ctrlHeader,
  cursorPosition,
  displayOne,
  GPU_EVENT_DISPLAY,
  gpuBox,
  gpuCommandLayouts,
  type GpuCommandName,
  gpuCommands,
  gpuFlags,
  gpuFormats,
  gpuRect,
  gpuResponseLayouts,
  type GpuResponseName,
  gpuResponses,
  mapCaching,
  memEntry,
  SHM_HOST_VISIBLE,
  virtioGpuConfig,
  virtioGpuFeatures,
} from '../virtio-gpu.ts';
import { blocks, hex, table } from './markdown.ts';
import { structTable } from './register-tables.ts';

const featureDoc: Readonly<Record<keyof typeof virtioGpuFeatures, string>> = {
  VIRGL: 'Contexts, capsets and the 3D commands.',
  EDID: 'GET_EDID.',
  RESOURCE_UUID: 'RESOURCE_ASSIGN_UUID.',
  RESOURCE_BLOB: 'Resources by size: the blob commands.',
  CONTEXT_INIT: 'A context names its capset, and has timelines of its own.',
};

const commandDoc: Readonly<Record<GpuCommandName, string>> = {
  GET_DISPLAY_INFO: 'Asks which displays there are. Answered by OK_DISPLAY_INFO.',
  RESOURCE_CREATE_2D: 'Makes an image.',
  RESOURCE_UNREF: 'Destroys a resource.',
  SET_SCANOUT: 'Shows a part of a resource on a display; resource 0 turns it off.',
  RESOURCE_FLUSH: 'Brings a part of a resource to the displays that show it.',
  TRANSFER_TO_HOST_2D: 'Copies a rectangle from the backing, from offset on, to the resource.',
  RESOURCE_ATTACH_BACKING: 'Gives a resource its memory. nr_entries memory entries follow.',
  RESOURCE_DETACH_BACKING: 'Takes its memory away.',
  GET_CAPSET_INFO: 'Asks for the id and size of a capset. Answered by OK_CAPSET_INFO.',
  GET_CAPSET: 'Asks for a capset. Answered by OK_CAPSET.',
  GET_EDID: "Asks for a display's EDID. Answered by OK_EDID.",
  RESOURCE_ASSIGN_UUID: 'Asks for the UUID of a resource. Answered by OK_RESOURCE_UUID.',
  RESOURCE_CREATE_BLOB: 'Makes a resource of so many bytes. nr_entries memory entries follow.',
  SET_SCANOUT_BLOB: 'Shows a part of a blob, whose layout it says.',
  CTX_CREATE: 'Makes context ctx_id; bits 7:0 of context_init are its capset.',
  CTX_DESTROY: 'Destroys it.',
  CTX_ATTACH_RESOURCE: 'Lets a context use a resource.',
  CTX_DETACH_RESOURCE: 'Ends that.',
  RESOURCE_CREATE_3D: 'Makes a buffer or an image with all that Gallium knows of it.',
  TRANSFER_TO_HOST_3D: 'Copies a box from the backing to the resource.',
  TRANSFER_FROM_HOST_3D: 'Copies a box from the resource to the backing.',
  SUBMIT_3D: 'Runs a command stream in a context. Its size bytes follow.',
  RESOURCE_MAP_BLOB: 'Maps a blob into the shared memory region. Answered by OK_MAP_INFO.',
  RESOURCE_UNMAP_BLOB: 'Unmaps it.',
  UPDATE_CURSOR: 'Sets the shape and place of a cursor. On the cursor queue.',
  MOVE_CURSOR: 'Moves it; all but pos is ignored. On the cursor queue.',
};

const responseDoc: Readonly<Record<GpuResponseName, string>> = {
  OK_NODATA: 'Done.',
  OK_DISPLAY_INFO: 'The displays.',
  OK_CAPSET_INFO: 'A capset by its index.',
  OK_CAPSET: 'A capset: its bytes follow the header.',
  OK_EDID: 'The first size bytes of edid.',
  OK_RESOURCE_UUID: 'A UUID.',
  OK_MAP_INFO: 'How the mapping is cached.',
  ERR_UNSPEC: 'Refused, for no reason that has a number.',
  ERR_OUT_OF_MEMORY: 'The host has no room.',
  ERR_INVALID_SCANOUT_ID: 'There is no such display.',
  ERR_INVALID_RESOURCE_ID: 'There is no such resource, or the id is taken.',
  ERR_INVALID_CONTEXT_ID: 'There is no such context.',
  ERR_INVALID_PARAMETER: 'A value makes no sense.',
};

type Layouts = Readonly<Record<string, Struct<Fields> | undefined>>;

/** A layout's table without its header, where there is more than that. */
function bodyTable(layout: Struct<Fields> | undefined): string {
  if (layout === undefined || layout.size === ctrlHeader.size) {
    return '';
  }
  const { hdr: _, ...fields } = layout.fields;
  return structTable({ ...layout, fields });
}

function messageTables(
  numbers: Readonly<Record<string, number>>,
  layouts: Layouts,
  docs: Readonly<Record<string, string>>,
): string {
  const messages = Object.entries(numbers).map(([name, type]) =>
    blocks(`#### ${name} (${hex(type, 4)})`, docs[name], bodyTable(layouts[name])),
  );
  return blocks(...messages);
}

function numberTable(head: string, numbers: Readonly<Record<string, number>>): string {
  return table(
    ['Value', head],
    Object.entries(numbers).map(([name, value]) => [value, name]),
  );
}

const device = blocks(
  '## The GPU device (§5.7)',
  'Queue 0 is for control, queue 1 for the cursor. Feature bits:',
  table(
    ['Bit', 'VIRTIO_GPU_F_', 'Gives'],
    Object.entries(virtioGpuFeatures).map(([name, bit]) => [
      bit,
      name,
      featureDoc[name as keyof typeof virtioGpuFeatures],
    ]),
  ),
  '### Configuration (§5.7.4)',
  structTable(virtioGpuConfig),
  `${GPU_EVENT_DISPLAY} in events_read: the displays changed. Writing 1 to a bit of events_clear clears it.`,
);

const header = blocks(
  '### The header (§5.7.6.7)',
  `Every command and every response begins with it. A response repeats FENCE and fence_id of its
command; with FENCE it comes once the work is done.`,
  structTable(ctrlHeader),
  numberTable('flags', gpuFlags),
);

const partLayouts: readonly Struct<Fields>[] = [
  gpuRect,
  gpuBox,
  memEntry,
  displayOne,
  cursorPosition,
];
const parts = blocks(
  '### Parts',
  ...partLayouts.map((part) => blocks(`#### ${part.name}`, structTable(part))),
  '#### Formats (§5.7.6.8)',
  numberTable('Bytes in memory', gpuFormats),
  '#### Blobs',
  numberTable('blob_mem', blobMemory),
  numberTable('blob_flags', blobFlags),
  `Blobs are mapped into shared memory region ${SHM_HOST_VISIBLE}.`,
  numberTable('map_info', mapCaching),
);

const capset = blocks(
  '### The capset bell',
  `Capset ${BELL_CAPSET}, version ${BELL_CAPSET_VERSION}: its contexts take command streams of the Gpu API, in which a handle is
a resource id. It says what the renderer can:`,
  structTable(bellCapset),
  `max_buffer_bytes is the size of the largest buffer, max_image_size the largest width and height.
Bit n of commands, counted from the lowest bit of its first byte, is the command with opcode n.`,
);

function recordTables(records: Readonly<Record<string, ChannelRecordRow>>): string {
  const each = Object.entries(records).map(([name, { opcode, doc, fields }]) => {
    const rows = Object.entries(fields).map(([field, row]) => [field, row.words, row.doc]);
    return blocks(
      `#### ${name} (${hex(opcode, 2)})`,
      doc,
      rows.length === 0 ? '' : table(['Field', 'Words', 'Meaning'], rows),
    );
  });
  return blocks(...each);
}

const channels = blocks(
  '### The capset bell-channel',
  `Capset ${CHANNEL_CAPSET}, version ${CHANNEL_CAPSET_VERSION}: a context of it is a channel of the GPU with an address space that is
the host's to fill. Its streams are records, done in order up to the first that is refused; each
begins with a header as a command's.`,
  structTable(channelCapset),
  `A blob of HOST3D whose blob_id is the address of an ALLOCATE is that memory, which SET_SCANOUT_BLOB
shows whole. The blob ${DOORBELL_BLOB} is the channel's doorbell page: mapped, a store of 4 bytes there is the tail
of the ring. Interrupts of a channel are an extension of this device: they come by an MSI-X vector
behind those of the queues.`,
  recordTables(channelRecords),
  'What the device writes when the channel stops by itself, before it interrupts:',
  structTable(channelReport),
);

export function virtioGpuSections(): string {
  return blocks(
    device,
    header,
    parts,
    '### Commands',
    'Offsets count from the beginning of the header, which is left out.',
    messageTables(gpuCommands, gpuCommandLayouts, commandDoc),
    '### Responses',
    'All errors are a header alone.',
    messageTables(gpuResponses, gpuResponseLayouts, responseDoc),
    capset,
    channels,
  );
}
