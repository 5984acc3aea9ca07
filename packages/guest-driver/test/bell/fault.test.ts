import { accessors, channelRegisters } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { readFault } from '../../src/bell/fault.ts';
import { MemoryWindow } from '../memory-window.ts';

function fault(reason: number, opcode: number, packet = 0x5000): ReturnType<typeof readFault> {
  const window = new MemoryWindow(0x80);
  window.setWord(0x34, reason | (opcode << 8));
  window.setWord(0x38, 0x1000);
  window.setWord(0x3c, packet);
  return readFault(accessors(channelRegisters, window));
}

it('names the fault, the address and the packet', () => {
  const error = fault(1, 0x25);
  expect(error.code).toBe('fault');
  expect(error.message).toBe(
    'bell: NOT_PRESENT at 0x1000 in draw (packet at 0x5000). No page is mapped there.',
  );
});

it('tells a hang from a fault', () => {
  expect(fault(12, 0x10).code).toBe('hang');
  expect(fault(12, 0x10).message).toBe(
    'bell: HANG in fill (packet at 0x5000). The packet took longer than WATCHDOG allows.',
  );
});

it.each([
  [2, 0x11, 'NOT_WRITABLE at 0x1000 in copy'],
  [4, 0x02, 'BUS at 0x1000 in FENCE'],
  [6, 0x01, 'BAD_LENGTH at 0x1000 in INDIRECT'],
  [13, 0x31, 'UNSUPPORTED at 0x1000 in DISPATCH'],
  [5, 0xee, 'BAD_OPCODE at 0x1000 in a packet with opcode 0xee'],
])('knows reason %i and opcode %i', (reason, opcode, text) => {
  expect(fault(reason, opcode).message).toContain(text);
});

it('blames the doorbell when no packet is to blame', () => {
  expect(fault(8, 0, 0).message).toContain('bell: BAD_TAIL at 0x1000 at the doorbell.');
});

it('gets along with numbers that no datasheet has', () => {
  expect(fault(200, 0x25).message).toContain('fault 200 in draw');
  expect(fault(0, 0).message).toBe('bell: the channel stopped and names no fault.');
});
