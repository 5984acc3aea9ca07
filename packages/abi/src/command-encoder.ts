/** Records a command stream, which is what `Gpu.submit` takes. */
import {
  commands,
  commandWords,
  header,
  type Command,
  type CommandArguments,
  type CommandName,
  type Reference,
} from './commands.ts';

/** "No reference": no depth buffer, no texture. */
export const NONE: Reference = { handle: 0, offset: 0 };

/** Records commands. The words may be submitted any number of times. */
export class CommandEncoder {
  private buffer = new ArrayBuffer(1024);
  private words = new Uint32Array(this.buffer);
  private floats = new Float32Array(this.buffer);
  private length = 0;

  private command(name: CommandName, values: Readonly<Record<string, number | Reference>>): this {
    const command: Command = commands[name];
    const words = commandWords(name);
    this.reserve(words);
    this.words[this.length++] = header(command.opcode, words);
    for (const [field, { type }] of Object.entries(command.fields)) {
      const value = values[field];
      if (typeof value !== 'number') {
        this.words[this.length++] = value.handle;
        this.words[this.length++] = value.offset;
      } else if (type === 'f32') {
        this.floats[this.length++] = value;
      } else {
        this.words[this.length++] = value;
      }
    }
    return this;
  }

  private reserve(words: number): void {
    if (this.length + words > this.words.length) {
      const larger = new ArrayBuffer(this.buffer.byteLength * 2);
      new Uint32Array(larger).set(this.words);
      this.buffer = larger;
      this.words = new Uint32Array(larger);
      this.floats = new Float32Array(larger);
    }
  }

  fill(values: CommandArguments<'fill'>): this {
    return this.command('fill', values);
  }
  copy(values: CommandArguments<'copy'>): this {
    return this.command('copy', values);
  }
  blit(values: CommandArguments<'blit'>): this {
    return this.command('blit', values);
  }
  setTarget(values: CommandArguments<'setTarget'>): this {
    return this.command('setTarget', values);
  }
  setViewport(values: CommandArguments<'setViewport'>): this {
    return this.command('setViewport', values);
  }
  setScissor(values: CommandArguments<'setScissor'>): this {
    return this.command('setScissor', values);
  }
  setTexture(values: CommandArguments<'setTexture'>): this {
    return this.command('setTexture', values);
  }
  /** `matrix`: 16 numbers, column by column. `light`: x, y, z, ambient. */
  setTransform(matrix: ArrayLike<number>, light: ArrayLike<number>): this {
    const values: Record<string, number> = {};
    for (let i = 0; i < 16; i++) {
      values[`m${i}`] = matrix[i];
    }
    [values.lightX, values.lightY, values.lightZ, values.ambient] = Array.from(light) as [
      number,
      number,
      number,
      number,
    ];
    return this.command('setTransform', values);
  }
  draw(values: CommandArguments<'draw'>): this {
    return this.command('draw', values);
  }

  finish(): CommandBuffer {
    return { words: this.words.slice(0, this.length) };
  }
}

export interface CommandBuffer {
  readonly words: Uint32Array;
}
