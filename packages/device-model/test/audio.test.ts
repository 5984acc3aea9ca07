import { describe, expect, it } from 'vitest';
import { Audio } from '../src/audio.ts';
import { FakeHost } from './fake-host.ts';

const PCIE = 0x60;
const FLR = 0x8000;

function audio(options: ConstructorParameters<typeof Audio>[1] = {}): Audio {
  const made = new Audio(new FakeHost(), options);
  made.configWrite(0x04, 2, 2);
  return made;
}

describe('the audio function', () => {
  it('is a High Definition Audio controller next to bell', () => {
    const made = audio({ multifunction: true });
    expect(made.configRead(0x00, 4)).toBe(0xbe12_1234);
    expect(made.configRead(0x08, 4) >>> 8).toBe(0x040300);
    expect(made.configRead(0x0e, 1)).toBe(0x80);
  });

  it('has 16 KiB of registers, of which few are there', () => {
    const made = audio();
    made.configWrite(0x10, 4, 0xffff_ffff);
    expect(made.configRead(0x10, 4)).toBe(0xffff_c000);
    expect(made.barRead(0, 0x00, 2)).toBe(1);
    expect(made.barRead(0, 0x03, 1)).toBe(1);
    expect(made.barRead(0, 0x80, 4)).toBe(0);
  });

  it('HDA 1.0a §3.3.7: leaves reset when told, and no codec answers', () => {
    const made = audio();
    expect(made.barRead(0, 0x08, 4)).toBe(0);
    made.barWrite(0, 0x08, 4, 0xffff_ffff);
    expect(made.barRead(0, 0x08, 4)).toBe(1);
    expect(made.barRead(0, 0x0e, 2)).toBe(0);
  });

  it('§6.6.2: a function-level reset gives registers and BARs their reset values', () => {
    const made = audio();
    made.configWrite(0x10, 4, 0xe000_0000);
    made.barWrite(0, 0x08, 4, 1);
    made.configWrite(PCIE + 8, 2, FLR);
    expect(made.configRead(0x10, 4)).toBe(0);
    made.configWrite(0x04, 2, 2);
    expect(made.barRead(0, 0x08, 4)).toBe(0);
  });

  it('is an endpoint on a board, or one of the root complex', () => {
    expect(audio().configRead(PCIE + 2, 2)).toBe(0x0002);
    expect(audio({ integrated: true }).configRead(PCIE + 2, 2)).toBe(0x0092);
  });

  it('§6.12.1.2: has request and completion redirect when asked for', () => {
    expect(audio({ acs: true }).configRead(0x104, 2)).toBe(0x0c);
    expect(audio().configRead(0x100, 4)).toBe(0);
  });

  it('loads what it saved', () => {
    const made = audio();
    made.barWrite(0, 0x08, 4, 1);
    const other = new Audio(new FakeHost());
    other.load(made.save());
    expect(other.barRead(0, 0x08, 4)).toBe(1);
    expect(other.save()).toEqual(made.save());
  });
});
