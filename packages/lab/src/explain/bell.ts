/** Why a driver of bell waits for a channel that does nothing for it. */
import {
  bellBars,
  bellRegisters,
  channelRegisters,
  channelStates,
  channelWindow,
  doorbellRegisters,
  extract,
  PAGE_BYTES,
} from '@doorbell/abi';
import type { TraceEvent } from '@doorbell/hypervisor';
import type { Evidence } from './evidence.ts';
import { type Cause, cite, found } from './explanation.ts';
import { vectorHeld } from './pci.ts';

const { REGISTERS } = bellBars;
const { CONTROL, STATUS } = channelRegisters.rows;
const { CAPS } = bellRegisters.rows;

type ChannelRegister = keyof typeof channelRegisters.rows;

/** A channel as its registers have it. */
interface ChannelView {
  readonly number: number;
  readonly get: (name: ChannelRegister) => number;
}

/** The wait ran into its time limit, or nothing at all is left to happen. */
export function channelSilent(evidence: Evidence): Cause | undefined {
  const channels = channelsInUse(evidence);
  for (const channel of channels) {
    const cause = channelOff(evidence, channel) ?? interruptHeld(evidence, channel);
    if (cause !== undefined) {
      return cause;
    }
  }
  return channels.some(isBusy) ? undefined : nothingToDo(evidence);
}

/** Those that somebody has set up. */
function channelsInUse(evidence: Evidence): readonly ChannelView[] {
  const caps = evidence.register(bellRegisters, 'CAPS', REGISTERS.index);
  const { base, stride } = channelWindow;
  return Array.from({ length: extract(CAPS.bits.CHANNELS, caps) }, (_, number) => ({
    number,
    get: (name: ChannelRegister) =>
      evidence.register(channelRegisters, name, REGISTERS.index, base + number * stride),
  })).filter((channel) => channel.get('RING_SIZE') !== 0);
}

function isBusy(channel: ChannelView): boolean {
  const state = extract(STATUS.bits.STATE, channel.get('STATUS'));
  return state === channelStates.RUNNABLE || state === channelStates.RUNNING;
}

function channelOff(evidence: Evidence, { number, get }: ChannelView): Cause | undefined {
  if ((get('CONTROL') & CONTROL.bits.ENABLE.mask) !== 0) {
    return undefined;
  }
  const offset = channelWindow.base + number * channelWindow.stride;
  const setUp = evidence.lastStore(
    REGISTERS.index,
    offset + channelRegisters.rows.INTERRUPT_ENABLE.offset,
  );
  const what = `Channel ${number} has a ring, and CONTROL.ENABLE is 0: it takes no doorbell.`;
  return found(
    'queue-not-enabled',
    'bell',
    setUp,
    what,
    cite(channelRegisters, 'CONTROL', 'ENABLE'),
  );
}

/** A cause that the driver wants to hear of stands in INTERRUPT, and the driver waits. */
function interruptHeld(evidence: Evidence, { get }: ChannelView): Cause | undefined {
  const raised = get('INTERRUPT') & get('INTERRUPT_ENABLE');
  return raised === 0 ? undefined : vectorHeld(evidence, get('VECTOR') & 0xff);
}

/** All channels are idle, and the driver waits: what it waits for was never on its way, or is over. */
function nothingToDo(evidence: Evidence): Cause | undefined {
  const rung = evidence.last('doorbell');
  const written = evidence.last('memoryWrite')?.id ?? 0;
  if (rung === undefined || written > rung.id) {
    const what =
      rung === undefined
        ? 'The ring has packets, and no doorbell has reached the device.'
        : `The driver wrote packets after the last doorbell (tail 0x${rung.b.toString(16)}), and no doorbell followed.`;
    return found('queue-not-notified', 'bell', written, what, cite(doorbellRegisters, 'TAIL'));
  }
  return staleTail(evidence, rung) ?? fenceTrouble(evidence, rung.id);
}

/** The ring is whole pages, and what was written last ends at its tail. */
function staleTail(evidence: Evidence, rung: TraceEvent): Cause | undefined {
  const written = evidence.last('memoryWrite', ({ id }) => id < rung.id);
  const end = written === undefined ? rung.b : written.a + written.b;
  if (end % PAGE_BYTES === rung.b % PAGE_BYTES) {
    return undefined;
  }
  const what = `The doorbell brought tail 0x${rung.b.toString(16)}, and the driver's last packet ends at 0x${(end % PAGE_BYTES).toString(16)} of the ring: the device was not told of it.`;
  return found('stale-doorbell', 'bell', rung.id, what, cite(doorbellRegisters, 'TAIL'));
}

/** The packets ran. */
function fenceTrouble(evidence: Evidence, rung: number): Cause | undefined {
  const fence = evidence.last('fence', undefined, rung);
  if (fence === undefined) {
    const what = 'All packets up to the last doorbell have run, and none of them was a FENCE.';
    const ran = evidence.last('packet')?.id ?? 0;
    return found('fence-not-submitted', 'bell', ran, what, cite(channelRegisters, 'FENCE'));
  }
  if (evidence.last('handler', undefined, fence.id) === undefined) {
    return undefined;
  }
  const what = `Fence ${fence.b} was written and its interrupt handled, there is no other under way, and the driver waits on.`;
  const cited = cite(channelRegisters, 'FENCE_ADDRESS');
  return found('wrong-fence', 'bell', fence.id, what, cited);
}
