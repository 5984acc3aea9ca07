import { beforeEach, describe, expect, it } from 'vitest';
import { Msix } from '../src/msix.ts';

/* PCI Express Base 6.0 §7.7.2: message control bit 15 enables, bit 14 masks the function. */
const ENABLE = 0x8000;
const MASK_ALL = 0x4000;

let sent: [number, number, number][];
let maySend: boolean;
let msix: Msix;
const table = (): ReturnType<Msix['tableRegion']> => msix.tableRegion(0);
const pending = (word: number): number => msix.pendingRegion(0).read(word * 4, 4);
const setMask = (vector: number, masked: boolean): void => {
  table().write(vector * 16 + 12, 4, masked ? 1 : 0);
};
const program = (vector: number, address: number, data: number): void => {
  table().write(vector * 16, 4, address);
  table().write(vector * 16 + 4, 4, 1);
  table().write(vector * 16 + 8, 4, data);
  setMask(vector, false);
};

beforeEach(() => {
  sent = [];
  maySend = true;
  msix = new Msix(70, (...message) => maySend && sent.push(message) > 0);
});

describe('MSI-X', () => {
  it('7.7.2.5: starts with every vector masked', () => {
    for (let vector = 0; vector < 70; vector++) {
      expect(table().read(vector * 16 + 12, 4)).toBe(1);
      expect(table().read(vector * 16, 4)).toBe(0);
    }
  });

  it('sends the message of a vector that is not masked, with a 64-bit address', () => {
    program(69, 0xfee00000, 0x41);
    msix.setControl(ENABLE);
    msix.signal(69);
    expect(sent).toEqual([[69, 0x1_fee00000, 0x41]]);
  });

  it('sends nothing while disabled, and nothing later for it', () => {
    program(0, 0x1000, 1);
    msix.signal(0);
    msix.setControl(ENABLE);
    expect(sent).toEqual([]);
  });

  it('6.1.4.5: holds an interrupt back while its vector is masked, and sends it once after', () => {
    program(3, 0x1000, 5);
    msix.setControl(ENABLE);
    setMask(3, true);
    msix.signal(3);
    msix.signal(3);
    expect(sent).toEqual([]);
    expect(pending(0)).toBe(8);
    setMask(3, false);
    expect(sent).toEqual([[3, 0x1_00001000, 5]]);
    expect(pending(0)).toBe(0);
    setMask(3, true);
    setMask(3, false);
    expect(sent).toHaveLength(1);
  });

  it('6.1.4.5: holds interrupts back under the function mask, and sends each once after', () => {
    program(1, 0x1000, 1);
    program(65, 0x2000, 2);
    msix.setControl(ENABLE | MASK_ALL);
    msix.signal(65);
    msix.signal(1);
    msix.signal(2);
    expect(sent).toEqual([]);
    expect([pending(0), pending(1), pending(2)]).toEqual([6, 0, 2]);
    msix.setControl(ENABLE);
    // Vector 2 is masked by its entry.
    expect(sent.map(([vector]) => vector)).toEqual([1, 65]);
    expect([pending(0), pending(2)]).toEqual([4, 0]);
  });

  it('does not send what is pending when only one of the two masks goes', () => {
    program(0, 0x1000, 1);
    msix.setControl(ENABLE | MASK_ALL);
    setMask(0, true);
    msix.signal(0);
    setMask(0, false);
    expect(sent).toEqual([]);
    setMask(0, true);
    msix.setControl(ENABLE);
    expect(sent).toEqual([]);
    setMask(0, false);
    expect(sent).toHaveLength(1);
  });

  it('sends what the entry says when it is unmasked, not what it said before', () => {
    program(0, 0x1000, 1);
    msix.setControl(ENABLE);
    setMask(0, true);
    msix.signal(0);
    table().write(8, 4, 2);
    setMask(0, false);
    expect(sent[0][2]).toBe(2);
  });

  it('keeps an interrupt pending until it may send, and sends it once', () => {
    program(2, 0x1000, 9);
    msix.setControl(ENABLE);
    setMask(2, true);
    msix.signal(2);
    maySend = false;
    setMask(2, false);
    expect(sent).toEqual([]);
    expect(pending(0)).toBe(4);
    maySend = true;
    msix.replayAll();
    msix.replayAll();
    expect(sent).toEqual([[2, 0x1_00001000, 9]]);
    expect(pending(0)).toBe(0);
  });

  it('says which vectors no mask holds back', () => {
    program(0, 0x1000, 1);
    expect(msix.delivers(0)).toBe(false);
    msix.setControl(ENABLE);
    expect([msix.delivers(0), msix.delivers(1)]).toEqual([true, false]);
    msix.setControl(ENABLE | MASK_ALL);
    expect(msix.delivers(0)).toBe(false);
    expect(msix.control).toBe(ENABLE | MASK_ALL);
  });

  it('keeps pending bits read-only, and reserved bits of an entry zero', () => {
    msix.pendingRegion(0).write(0, 4, 0xffffffff);
    expect(pending(0)).toBe(0);
    table().write(12, 4, 0xffffffff);
    expect(table().read(12, 4)).toBe(1);
  });

  it('takes aligned words only', () => {
    expect(table().widths).toEqual([4]);
    table().write(2, 4, 0);
    expect(table().read(2, 4)).toBe(0xffffffff);
  });

  it('has pending bits in units of 64', () => {
    expect(msix.pendingRegion(0).size).toBe(16);
  });

  it('ignores a vector that it does not have', () => {
    msix.setControl(ENABLE);
    msix.signal(70);
    expect(sent).toEqual([]);
    expect([0, 1, 2, 3].map(pending)).toEqual([0, 0, 0, 0]);
  });

  it('is masked, disabled and has nothing pending after a reset', () => {
    program(0, 0x1000, 1);
    msix.setControl(ENABLE | MASK_ALL);
    msix.signal(0);
    msix.reset();
    expect(msix.enabled).toBe(false);
    expect(pending(0)).toBe(0);
    expect(table().read(12, 4)).toBe(1);
    expect(table().read(0, 4)).toBe(0);
  });

  it('loads what it saved', () => {
    program(0, 0x1000, 1);
    msix.setControl(ENABLE | MASK_ALL);
    msix.signal(0);
    const state = msix.save();
    msix.reset();
    msix.load(state);
    msix.setControl(ENABLE);
    expect(sent).toEqual([[0, 0x1_00001000, 1]]);
  });
});
