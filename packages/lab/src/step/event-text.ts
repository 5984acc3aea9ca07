/** One event in words: what happened, with the names of registers, packets, commands and reasons. */
import { events, faultName, formatBdf, type EventKind } from '@doorbell/abi';
import { exitReasons, waitReasons, type TraceEvent } from '@doorbell/hypervisor';
import { callNames } from '../meter.ts';
import { commandName, responseName } from '../trace/event-name.ts';
import { packetName } from './inspect/ring.ts';
import type { NamedRegisters } from './named-registers.ts';

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** The arguments in words; '' where the event has none that say anything. */
export function argumentsText({ kind, a, b, c }: TraceEvent, registers: NamedRegisters): string {
  const words: Partial<Record<EventKind, () => string>> = {
    appCall: () => `${callNames[a]}${b === 0 ? '' : ` ${b} bytes`}`,
    appReturn: () => callNames[a],
    mmioRead: () => `${registers.nameAt(a)} = ${hex(b)}`,
    mmioWrite: () => `${registers.nameAt(a)} = ${hex(b)}`,
    mmioBlock: () => `${registers.nameAt(a)}, ${b} bytes`,
    configRead: () => `${registers.configName(a)} = ${hex(b)}`,
    configWrite: () => `${registers.configName(a)} = ${hex(b)}`,
    exit: () => `${exitReasons[a]}${b === 0 ? '' : ` ${hex(b)}`}`,
    wait: () => waitReasons[a],
    wake: () => `${waitReasons[a]}${b === 1 ? ', timed out' : ''}`,
    packet: () => `channel ${a} ${packetName(b) ?? `opcode ${hex(b)}`}`,
    packetDone: () => `channel ${a}, ${b} ns`,
    doorbell: () => `channel ${a}, tail ${hex(b)}`,
    fence: () => `channel ${a}, value ${b}`,
    fault: () => `channel ${a} ${faultName(b) ?? b}`,
    reset: () => (a < 0 ? 'function' : `channel ${a}`),
    interrupt: () => (a < 0 ? 'INTx' : `vector ${a}`),
    command: () => `${commandName(a)} ${b}`,
    kick: () => `queue ${a}`,
    used: () => [`queue ${a}`, `${b} bytes`, responseName(c)].filter(Boolean).join(', '),
    queueInterrupt: () => `queue ${a}`,
    needsReset: () => (a < 0 ? '' : `queue ${a}`),
    statement: () => '',
    flip: () => `frame ${a}, VRAM page ${hex(b)}`,
    iotlbMiss: () => `${hex(a)}, ${b} levels`,
    line: () => (a === 1 ? 'asserted' : 'deasserted'),
  };
  return words[kind]?.() ?? `${hex(a)}${events[kind].b === '' ? '' : `, ${b}`}`;
}

/** `#5063  72.3 µs  mmioWrite  doorbell0.TAIL = 0x40`, without colours. */
export function eventText(
  event: TraceEvent,
  registers: NamedRegisters,
  words = argumentsText(event, registers),
): string {
  const time = `${(event.time / 1000).toFixed(3)} us`;
  return `#${event.id}  ${time}  ${event.kind}  ${words}`.trimEnd();
}

export function functionText(guest: number, bdf: number): string {
  return `${guest < 0 ? 'host' : `guest${guest}`} ${formatBdf(bdf)}`;
}
