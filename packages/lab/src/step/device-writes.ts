/** Registers that bell changes by itself, and the event that tells of it. Its argument is the channel. */
import type { EventKind } from '@doorbell/abi';

export const deviceWrites: Partial<Record<EventKind, Readonly<Record<string, readonly string[]>>>> =
  {
    doorbell: { channel: ['TAIL', 'STATUS'] },
    packet: { channel: ['STATUS'] },
    packetDone: { channel: ['HEAD', 'STATUS'] },
    fence: { channel: ['FENCE', 'INTERRUPT'] },
    fault: { channel: ['FAULT', 'FAULT_ADDRESS', 'FAULT_PACKET', 'STATUS', 'INTERRUPT'] },
    flip: { bell: ['SCANOUT_FRAMES'] },
  };
