/** The paravirtual pair over connections, such as WebSockets: whoever has those puts it together. */
import { MessageTransport, TransportLost } from '@doorbell/pv-frontend';
import type { Connection, WallClock } from '@doorbell/wire';
import { noPvCounts, type PvCounts } from '../stacks/stack.ts';
import type { RemotePair, RemoteRequest } from './remote.ts';

export interface MessagePairParts {
  /** Gives the first connection, and another one after each that was lost. */
  readonly connect: (isAgain: boolean) => Promise<Connection>;
  readonly clock: WallClock;
  /** How long a backend that is lost is waited for; 0: not at all. Absent: as long as the driver does. */
  readonly recoveryNs?: number;
}

/** @throws what `connect` does; TransportLost when what answers is no backend. */
export async function messagePair(
  { memory, dma, bus, display, onReplaced }: RemoteRequest,
  { connect, clock, recoveryNs }: MessagePairParts,
): Promise<RemotePair> {
  let reconnections = 0;
  const reconnect = async (): Promise<Connection> => {
    const connection = await connect(true);
    reconnections++;
    onReplaced();
    return connection;
  };
  const connection = await connect(false);
  const parts = { connection, reconnect, clock, memory, dma, bus, display };
  const transport = await MessageTransport.connect(parts);
  return {
    ...{ transport, memory: transport.memory, dma: transport.dma, clock },
    recovers: recoveryNs !== 0,
    ...(recoveryNs === undefined ? {} : { recoveryNs }),
    lost: () => transport.lost,
    counts: async () => {
      const device = await countsOf(transport);
      const here = transport.counts;
      return {
        ...pvCounts(device, here.suppressed),
        bytesMirrored: here.bytesMirroredIn + here.bytesMirroredOut,
        bytesOnWire: here.bytesSent + here.bytesReceived,
        reconnections,
      };
    },
    close: async () => {
      transport.release();
    },
  };
}

/** A backend that is lost when all work is done has taken its counts along. */
async function countsOf(transport: MessageTransport): Promise<Readonly<Record<string, number>>> {
  try {
    return await transport.deviceCounts();
  } catch (error) {
    if (error instanceof TransportLost) {
      return {};
    }
    throw error;
  }
}

const COMMAND = 'command.';

/** @param device  counters of the device, and of its end of the connection, by name. */
export function pvCounts(
  device: Readonly<Record<string, number>>,
  suppressedHere: number,
): PvCounts {
  const commands = Object.entries(device)
    .filter(([name, count]) => name.startsWith(COMMAND) && count > 0)
    .map(([name, count]) => [name.slice(COMMAND.length), count]);
  return {
    ...noPvCounts,
    kicks: device.kicks ?? 0,
    suppressedNotifications: (device.suppressed ?? 0) + suppressedHere,
    descriptors: device.descriptors ?? 0,
    commands: Object.fromEntries(commands) as Record<string, number>,
  };
}
