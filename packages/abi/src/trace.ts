/**
 * The trace's vocabulary. An event has a time (virtual nanoseconds), a sequence number (its
 * id, from 1), an actor, a kind, up to three arguments, the request of the application that it
 * serves, and its cause: the id of the event that made it happen. Following causes walks the chain
 * app call → access → exit → handler → device → DMA → interrupt → driver.
 */

export type Actor = 'app' | 'driver' | 'hypervisor' | 'iommu' | 'device';

export interface EventRow {
  readonly actor: Actor;
  /** What the arguments mean, with units; '' or absent for none. */
  readonly a: string;
  readonly b: string;
  readonly c?: string;
  readonly doc: string;
}

/**
 * How an access crossed the physical bus, as one number: 8 times where (an address on that bus, a
 * routing ID), plus how (1 to 7). 0: it crossed no bus, because it trapped, or because memory of
 * the host or software stands for the device.
 */
export const crossing = {
  none: 0,
  of: (where: number, how: number): number => where * 8 + how,
  where: (packed: number): number => Math.floor(packed / 8),
  how: (packed: number): number => packed % 8,
} as const;

/** What `how` says where it is not the bytes of the access. */
export const crossingOf = { READ: 1, WRITE: 2 } as const;

/** One row per kind. Its place in this table is its number in a recorded trace: append only. */
export const events = {
  appCall: { actor: 'app', a: 'call', b: 'bytes', doc: 'The application calls the Gpu API.' },
  appReturn: { actor: 'app', a: 'call', b: '', doc: 'That call returns.' },
  mmioRead: {
    actor: 'driver',
    a: 'address',
    b: 'value',
    c: 'crossing: address on the bus, bytes',
    doc: 'A register or device memory is read.',
  },
  mmioWrite: {
    actor: 'driver',
    a: 'address',
    b: 'value',
    c: 'crossing: address on the bus, bytes',
    doc: 'A register or device memory is written.',
  },
  mmioBlock: {
    actor: 'driver',
    a: 'address',
    b: 'bytes',
    c: 'crossing: address on the bus, 1 read or 2 written',
    doc: 'Device memory is copied to or from in words.',
  },
  configRead: {
    actor: 'driver',
    a: 'offset',
    b: 'value',
    c: 'crossing: routing ID, bytes',
    doc: 'Configuration space is read.',
  },
  configWrite: {
    actor: 'driver',
    a: 'offset',
    b: 'value',
    c: 'crossing: routing ID, bytes',
    doc: 'Configuration space is written.',
  },
  memoryWrite: { actor: 'driver', a: 'address', b: 'bytes', doc: 'The driver writes RAM.' },
  dmaMap: {
    actor: 'driver',
    a: 'iova',
    b: 'bytes',
    c: '1 the device reads it, 2 writes it, 3 both',
    doc: 'The driver maps a range for DMA.',
  },
  dmaUnmap: { actor: 'driver', a: 'iova', b: 'bytes', doc: 'The driver unmaps a range.' },
  handler: {
    actor: 'driver',
    a: 'message data',
    b: '',
    doc: 'An interrupt handler of the driver runs.',
  },
  wait: { actor: 'driver', a: 'reason', b: '', doc: 'The driver waits.' },
  wake: { actor: 'driver', a: 'reason', b: '1 when it timed out', doc: 'The wait is over.' },
  exit: {
    actor: 'hypervisor',
    a: 'reason',
    b: 'address',
    doc: 'The guest traps to the hypervisor.',
  },
  injection: {
    actor: 'hypervisor',
    a: 'message data',
    b: '',
    doc: 'The hypervisor injects an interrupt.',
  },
  posted: {
    actor: 'hypervisor',
    a: 'message data',
    b: '',
    doc: 'The hardware posts an interrupt to the running guest.',
  },
  mapped: {
    actor: 'hypervisor',
    a: 'address',
    b: 'bytes',
    doc: 'Device memory is mapped into an address space.',
  },
  iotlbMiss: {
    actor: 'iommu',
    a: 'iova',
    b: 'levels walked',
    doc: 'A translation walks the tables.',
  },
  iotlbFlush: { actor: 'iommu', a: 'iova', b: 'bytes', doc: 'Translations are invalidated.' },
  iommuFault: {
    actor: 'iommu',
    a: 'iova',
    b: 'reason',
    doc: 'A DMA access is refused and recorded.',
  },
  dmaRead: {
    actor: 'device',
    a: 'address',
    b: 'bytes',
    c: 'crossing: requester ID, 1',
    doc: 'The device reads memory.',
  },
  dmaWrite: {
    actor: 'device',
    a: 'address',
    b: 'bytes',
    c: 'crossing: requester ID, 2',
    doc: 'The device writes memory.',
  },
  doorbell: { actor: 'device', a: 'channel', b: 'tail', doc: 'A doorbell reaches the device.' },
  packet: { actor: 'device', a: 'channel', b: 'opcode', doc: 'The device begins a packet.' },
  packetDone: { actor: 'device', a: 'channel', b: 'duration in ns', doc: 'The packet is done.' },
  fence: { actor: 'device', a: 'channel', b: 'value', doc: 'A fence is written back.' },
  fault: { actor: 'device', a: 'channel', b: 'reason', doc: 'A channel faults.' },
  reset: { actor: 'device', a: 'channel, or -1 for the function', b: '', doc: 'A reset.' },
  interrupt: {
    actor: 'device',
    a: 'vector, or -1 for INTx',
    b: 'message data',
    doc: 'The device signals an interrupt.',
  },
  flip: { actor: 'device', a: 'frame', b: 'VRAM page', doc: 'The scanout shows a new frame.' },
  kick: { actor: 'device', a: 'queue', b: '', doc: 'A virtqueue notification reaches the device.' },
  command: {
    actor: 'device',
    a: 'type',
    b: 'resource or context',
    doc: 'The backend begins a virtio-gpu command.',
  },
  used: {
    actor: 'device',
    a: 'queue',
    b: 'bytes written',
    c: 'response: its type, of a recorded peer; else 0',
    doc: 'The backend returns a chain.',
  },
  needsReset: { actor: 'device', a: 'queue, or -1', b: '', doc: 'A virtio device gives up.' },
  message: {
    actor: 'device',
    a: 'address',
    b: 'data',
    c: 'crossing: requester ID, 2',
    doc: 'The write that is a message-signalled interrupt crosses the bus.',
  },
  line: {
    actor: 'device',
    a: '1 asserted, 0 deasserted',
    b: '',
    c: 'crossing: requester ID, 2',
    doc: 'The message that stands for a change of INTA crosses the bus.',
  },
  dmaRefused: {
    actor: 'device',
    a: 'address',
    b: 'bytes within the first page that is refused',
    c: 'crossing: requester ID, 1 read or 2 written',
    doc: 'A transfer is refused on its way, and moves nothing.',
  },
  statement: {
    actor: 'driver',
    a: "the source line's number",
    b: '',
    doc: 'A statement of the driver runs: only where its source is followed.',
  },
  queueInterrupt: {
    actor: 'device',
    a: 'queue',
    b: '',
    doc: 'A used buffer notification is handed to whoever interrupts the driver: a vhost call.',
  },
} as const satisfies Record<string, EventRow>;

export type EventKind = keyof typeof events;

/** Kinds by number. */
export const eventKinds = Object.keys(events) as EventKind[];

/** Ids count from 1 in the order of recording; 0 is "none". */
export type EventId = number;
export type RequestId = number;
