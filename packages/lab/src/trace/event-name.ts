/** What an event is called where it is shown: its kind, and the word for its first argument. */
import { commandNames, commands, gpuCommands, gpuResponses, ringPackets } from '@doorbell/abi';
import { exitReasons, waitReasons, type TraceEvent } from '@doorbell/hypervisor';
import { callNames } from '../meter.ts';

const packetNames: ReadonlyMap<number, string> = new Map([
  ...Object.entries(ringPackets).map(([name, { opcode }]): [number, string] => [opcode, name]),
  ...commandNames.map((name): [number, string] => [commands[name].opcode, name]),
]);

const commandTypes: ReadonlyMap<number, string> = new Map(
  Object.entries(gpuCommands).map(([name, type]) => [type, name]),
);

const responseTypes: ReadonlyMap<number, string> = new Map(
  Object.entries(gpuResponses).map(([name, type]) => [type, name]),
);

/** Of virtio-gpu, by its type. */
export function commandName(type: number): string {
  return commandTypes.get(type) ?? `0x${type.toString(16)}`;
}

/** Of virtio-gpu, by its type; undefined: it was not recorded. */
export function responseName(type: number): string | undefined {
  return responseTypes.get(type);
}

/** `exit mmio-write`, `packet copy`, `wait dependency`; of an application's call its name alone. */
export function eventName(event: Pick<TraceEvent, 'kind' | 'a' | 'b'>): string {
  const { kind } = event;
  const word = wordOf(event);
  if (kind === 'appCall' && word !== undefined) {
    return word;
  }
  return word === undefined ? kind : `${kind} ${word}`;
}

function wordOf({ kind, a, b }: Pick<TraceEvent, 'kind' | 'a' | 'b'>): string | undefined {
  switch (kind) {
    case 'appCall':
    case 'appReturn':
      return callNames[a];
    case 'exit':
      return exitReasons[a];
    case 'wait':
    case 'wake':
      return waitReasons[a];
    case 'packet':
      return packetNames.get(b);
    case 'command':
      return commandTypes.get(a);
    default:
      return undefined;
  }
}
