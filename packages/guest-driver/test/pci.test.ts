import { beforeEach, expect, it } from 'vitest';
import { enableBusMaster, enableMemory, findCapability, matches, ProbeError } from '../src/pci.ts';
import { MemoryWindow } from './memory-window.ts';

const COMMAND = 0x04;
const STATUS = 0x06;
const CAPABILITIES = 0x34;
let config: MemoryWindow;

beforeEach(() => {
  config = new MemoryWindow(4096);
  config.setWord(0, 0xbe11_1234);
});

it('knows its device by vendor and device', () => {
  expect(matches(config, { vendor: 0x1234, device: 0xbe11 })).toBe(true);
  expect(matches(config, { vendor: 0x1234, device: 0x11e8 })).toBe(false);
  expect(matches(config, { vendor: 0x1af4, device: 0xbe11 })).toBe(false);
});

it('turns memory decode and bus mastering on, and gives back what it found', () => {
  const memoryOff = enableMemory(config);
  const masterOff = enableBusMaster(config);
  expect(config.bytes[COMMAND]).toBe(0b110);
  masterOff();
  expect(config.bytes[COMMAND]).toBe(0b010);
  memoryOff();
  expect(config.bytes[COMMAND]).toBe(0);
});

it('leaves on what was on, and other bits as they are', () => {
  config.bytes[COMMAND] = 0b010;
  config.bytes[COMMAND + 1] = 0b100; // INTx off
  const memoryOff = enableMemory(config);
  memoryOff();
  expect([...config.bytes.subarray(COMMAND, COMMAND + 2)]).toEqual([0b010, 0b100]);
});

it('7.5.1.1.4: writes the command register alone, since writes clear bits of the status', () => {
  enableMemory(config);
  expect(config.log.filter((line) => line.startsWith('write'))).toEqual(['write16 0x4 = 0x2']);
});

/** A list of capabilities: offset, id, next. */
function list(first: number, ...capabilities: [at: number, id: number, next: number][]): void {
  config.bytes[STATUS] = 0x10;
  config.bytes[CAPABILITIES] = first;
  for (const [at, id, next] of capabilities) {
    config.bytes[at] = id;
    config.bytes[at + 1] = next;
  }
}

it('walks the capability list', () => {
  list(0x40, [0x40, 0x01, 0x60], [0x60, 0x11, 0]);
  expect(findCapability(config, 0x01)).toBe(0x40);
  expect(findCapability(config, 0x11)).toBe(0x60);
});

it('7.5.1.1.11: ignores the two low bits of a pointer', () => {
  list(0x41, [0x40, 0x01, 0x63], [0x60, 0x11, 0]);
  expect(findCapability(config, 0x11)).toBe(0x60);
});

it('says so when a capability is missing, or there is no list', () => {
  list(0x40, [0x40, 0x01, 0]);
  expect(() => findCapability(config, 0x11)).toThrow(ProbeError);
  config.bytes[STATUS] = 0;
  expect(() => findCapability(config, 0x01)).toThrow('no capability 0x1');
});

it('gets out of a list that is a loop', () => {
  list(0x40, [0x40, 0x01, 0x60], [0x60, 0x05, 0x40]);
  expect(() => findCapability(config, 0x11)).toThrow(ProbeError);
});

it('stops at a pointer into the header', () => {
  list(0x40, [0x40, 0x01, 0x10]);
  config.bytes[0x10] = 0x11;
  expect(() => findCapability(config, 0x11)).toThrow(ProbeError);
});
