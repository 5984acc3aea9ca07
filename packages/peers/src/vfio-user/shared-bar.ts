/** The memory of a BAR in a file of its own, which the client maps into its guest. */
import type { Libc } from '../native/libc.ts';
import { memoryBarOf, type ModelChoice } from '../pci-device/model.ts';

export class SharedBar {
  readonly bar: number;
  readonly file: number;
  readonly memory: ArrayBuffer;
  private readonly libc: Pick<Libc, 'unmap' | 'close'>;

  /** Undefined: the model has no BAR that is nothing but memory. */
  static of(
    choice: ModelChoice,
    libc: Pick<Libc, 'memfd' | 'map' | 'unmap' | 'close'>,
  ): SharedBar | undefined {
    const found = memoryBarOf(choice);
    if (found === undefined) {
      return undefined;
    }
    const file = libc.memfd(found.size);
    try {
      return new SharedBar(found.bar, file, libc.map(file, 0, found.size), libc);
    } catch (error) {
      libc.close(file);
      throw error;
    }
  }

  private constructor(
    bar: number,
    file: number,
    memory: ArrayBuffer,
    libc: Pick<Libc, 'unmap' | 'close'>,
  ) {
    this.bar = bar;
    this.file = file;
    this.memory = memory;
    this.libc = libc;
  }

  close(): void {
    this.libc.unmap(this.memory);
    this.libc.close(this.file);
  }
}
