import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessWidth } from '@doorbell/abi';
import { BochsDisplay, Edu } from '@doorbell/device-model';
import { expect, it } from 'vitest';
import { comparedBochsDisplay } from '../../src/differential/compare-bochs-display.ts';
import { compareDevice, type ComparedModel } from '../../src/differential/compare-device.ts';
import { comparedEdu } from '../../src/differential/compare-edu.ts';
import { findEmulator } from '../../src/qemu/emulator.ts';
import { describeWith } from '../needs.ts';

/** The checks that fail. */
async function failures(model: ComparedModel): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'doorbell-test-'));
  const failed: string[] = [];
  const run = {
    folder,
    signal: new AbortController().signal,
    step: () => {},
    check: (name: string, passed: boolean) => {
      if (!passed) {
        failed.push(name);
      }
    },
  };
  try {
    await compareDevice(run, findEmulator('qemu'), model);
    return failed;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The sequences of some names alone; what they leave unmet is no matter. */
function only(
  model: ComparedModel,
  make: ComparedModel['make'],
  ...names: string[]
): ComparedModel {
  const chosen = Object.entries(model.sequences).filter(([name]) => names.includes(name));
  return { ...model, make, sequences: Object.fromEntries(chosen) };
}

class Wrong extends Edu {
  override barRead(bar: number, offset: number, width: AccessWidth): number {
    const value = super.barRead(bar, offset, width);
    return offset === 0x24 ? value & ~0x8000_0000 : value;
  }
}

class Late extends Edu {
  override onTimer(id: number): void {
    this.host.timers.arm(id + 2, 1);
    if (id >= 2) {
      this.host.timers.disarm(id + 2);
      super.onTimer(id - 2);
    }
  }
}

class Mute extends Edu {
  override configWrite(offset: number, width: AccessWidth, value: number): void {
    super.configWrite(offset, width, offset === 0x4c ? value | 1 : value);
  }
}

class Shifted extends BochsDisplay {
  override barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    // X_OFFSET, one too many.
    super.barWrite(bar, offset, width, bar === 2 && offset === 0x510 ? value + 1 : value);
  }
}

/** A device whose configuration space has bits at one offset that are 1 too many. */
function withBits(offset: number, bits: number): ComparedModel['make'] {
  class Wide extends BochsDisplay {
    override configRead(from: number, width: AccessWidth): number {
      const value = super.configRead(from, width);
      const at = offset - from;
      return at < 0 || at >= width ? value : (value | (bits << (8 * at))) >>> 0;
    }
  }
  return (host) => new Wide(host, 1280, 800);
}

class Clearing extends Edu {
  override onTimer(id: number): void {
    const { bus } = this.host;
    const { read } = bus;
    bus.read = (address, into) => read(address, into) || (into.fill(1), true);
    super.onTimer(id);
    bus.read = read;
  }
}

describeWith(['qemu'], 'the comparison of a device and a model that errs', () => {
  it('finds one bit that is missing of one register', async () => {
    const model = only(comparedEdu, (host) => new Wrong(host), 'registers', 'factorials');
    expect(await failures(model)).toContain('edu, registers');
  });

  it('finds a nanosecond', async () => {
    const model = only(comparedEdu, (host) => new Late(host), "DMA's time");
    expect(await failures(model)).toContain("edu, DMA's time");
  });

  it('finds a message whose data is another', async () => {
    const model = only(comparedEdu, (host) => new Mute(host), 'MSI', 'sizes of BARs');
    const failed = await failures(model);
    expect(failed).toContain('edu, MSI');
    expect(failed).not.toContain('edu, sizes of BARs');
  });

  it('finds a screen that is off by a pixel', async () => {
    const model = only(comparedBochsDisplay, (host) => new Shifted(host), 'screens');
    expect(await failures(model)).toContain('bochs-display, screens');
  });

  it.each([
    ['the reset of the function', 0x89, 0x80],
    ['the link’s active state support', 0x8d, 0x04],
    ['the link’s width', 0x92, 0x10],
    ['an expansion ROM', 0x31, 0x40],
    ['a register where there is none', 0x41, 0x80],
  ])('finds a bit too many where a difference is known: %s', async (_what, offset, bits) => {
    const names = ['configuration space', 'writes to configuration space'];
    const failed = await failures(only(comparedBochsDisplay, withBits(offset, bits), ...names));
    expect(failed).toContain('bochs-display, configuration space');
    expect(failed).toContain('bochs-display, writes to configuration space');
  });

  it('finds an EDID of another display', async () => {
    const model = only(comparedBochsDisplay, (host) => new BochsDisplay(host, 1024, 768), 'EDID');
    expect(await failures(model)).toContain('bochs-display, EDID');
  });

  it('finds what came of a transfer that was refused', async () => {
    const model = only(comparedEdu, (host) => new Clearing(host), 'DMA without memory');
    expect(await failures(model)).toContain('edu, DMA without memory');
  });

  it('finds known differences that are not met', async () => {
    const model = only(comparedEdu, (host) => new Edu(host), 'sizes of BARs');
    expect(await failures(model)).toEqual(['edu, known differences']);
  });
});
