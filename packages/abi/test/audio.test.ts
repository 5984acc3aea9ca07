import { describe, expect, it } from 'vitest';
import { audioIds, audioRegisters } from '../src/index.ts';

describe('the audio function', () => {
  it('HDA 1.0a §3.3: has its registers where the specification has them', () => {
    const { rows } = audioRegisters;
    const places = Object.entries(rows).map(([name, row]) => [name, row.offset, row.width]);
    expect(places).toEqual([
      ['GCAP', 0x00, 2],
      ['VMIN', 0x02, 1],
      ['VMAJ', 0x03, 1],
      ['OUTPAY', 0x04, 2],
      ['INPAY', 0x06, 2],
      ['GCTL', 0x08, 4],
      ['STATESTS', 0x0e, 2],
    ]);
    expect(rows.GCTL.bits.CRST.mask).toBe(1);
  });

  it('has the class that Linux loads snd_hda_intel for', () => {
    expect(audioIds.classCode >>> 8).toBe(0x0403);
  });
});
