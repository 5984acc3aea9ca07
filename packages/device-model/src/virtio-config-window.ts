/**
 * The window on a virtio function's structures in its configuration space (VIRTIO 1.3 §4.1.4.9):
 * for software that cannot map the BAR, so it works whether the BAR is decoded or not.
 */
import { type AccessWidth, virtioPciLayout } from '@doorbell/abi';
import { type Bar, readBar, writeBar } from './bar.ts';
import type { ConfigSpace } from './config-space.ts';
import { configWindow } from './virtio-capabilities.ts';

const { BAR, OFFSET, LENGTH, DATA, DATA_BYTES } = configWindow;

export class ConfigWindow {
  private readonly config: ConfigSpace;
  private readonly structures: Bar;

  constructor(config: ConfigSpace, structures: Bar) {
    this.config = config;
    this.structures = structures;
    config.watch(DATA, DATA_BYTES, () => this.write());
  }

  /** Fills the window's data: to be called before software reads it. */
  read(): void {
    const width = this.width();
    if (width !== undefined) {
      this.config.set(DATA, width, readBar(this.structures, this.offset(), width));
    }
  }

  private write(): void {
    const width = this.width();
    if (width !== undefined) {
      writeBar(this.structures, this.offset(), width, this.config.get(DATA, width));
    }
  }

  private offset(): number {
    return this.config.get(OFFSET, 4);
  }

  /** Undefined: the window is not on the structures, so that nothing happens. */
  private width(): AccessWidth | undefined {
    const length = this.config.get(LENGTH, 4);
    const isOn = this.config.get(BAR, 1) === virtioPciLayout.BAR;
    return isOn && (length === 1 || length === 2 || length === 4) ? length : undefined;
  }
}
