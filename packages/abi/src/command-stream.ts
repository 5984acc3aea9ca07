/** Reads a command stream that somebody else recorded: checks it, and resolves its references. */
import {
  commands,
  commandNames,
  header,
  headerOpcode,
  headerWords,
  type CommandArguments,
  type CommandField,
  type CommandName,
  type Reference,
} from './commands.ts';
import type { CommandBuffer } from './command-encoder.ts';

export class BadCommand extends Error {
  override readonly name = 'BadCommand';
}

const byOpcode = new Map<number, CommandName>(
  commandNames.map((name) => [commands[name].opcode, name]),
);

/** Where the fields of a command lie, worked out once. */
interface CommandShape {
  readonly name: CommandName;
  readonly words: number;
  readonly fields: readonly PlacedField[];
}
type PlacedField = CommandField & { readonly name: string; readonly word: number };

const shapes = new Map<number, CommandShape>();
for (const [opcode, name] of byOpcode) {
  let word = 1;
  const fields = Object.entries<CommandField>(commands[name].fields).map(([field, row]) => {
    const placed = { ...row, name: field, word };
    word += row.type === 'ref' ? 2 : 1;
    return placed;
  });
  shapes.set(opcode, { name, words: word, fields });
}

/** The command that begins at a word. @throws BadCommand */
function shapeAt(words: Uint32Array, at: number): CommandShape {
  const start = words[at];
  const shape = shapes.get(headerOpcode(start));
  if (shape === undefined) {
    throw new BadCommand(
      `Word ${at}: no command has opcode 0x${headerOpcode(start).toString(16)}.`,
    );
  }
  if (headerWords(start) !== shape.words || at + shape.words > words.length) {
    throw new BadCommand(`Word ${at}: ${shape.name} is ${shape.words} words long.`);
  }
  return shape;
}

/** Bytes that the command at a word touches from one of its references on. */
function extentOf(words: Uint32Array, at: number, shape: CommandShape, field: PlacedField): number {
  const argument = (name: string): number =>
    words[at + (shape.fields.find((other) => other.name === name)?.word ?? 0)];
  return field.extent?.(argument) ?? 0;
}

/** A command of a stream, with its arguments by the names of the table `commands`. */
export type StreamCommand = {
  [N in CommandName]: { readonly name: N; readonly arguments: CommandArguments<N> };
}[CommandName];

/** The commands of a stream in order. @throws BadCommand where it means nothing. */
export function* readCommands({ words }: CommandBuffer): Generator<StreamCommand> {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  for (let at = 0; at < words.length;) {
    const shape = shapeAt(words, at);
    const values: Record<string, number | Reference> = {};
    for (const { name, type, word } of shape.fields) {
      const place = at + word;
      values[name] =
        type === 'ref'
          ? { handle: words[place], offset: words[place + 1] }
          : type === 'f32'
            ? floats[place]
            : words[place];
    }
    // The shape is that of the row, which the types are made of.
    yield { name: shape.name, arguments: values } as unknown as StreamCommand;
    at += shape.words;
  }
}

/** Answers for `bytes` bytes at `offset` of a resource, or throws. */
type Answer = (handle: number, offset: number, bytes: number, writes: boolean) => number;

/**
 * Resolves each reference of a stream to an address and writes bell's packets for it.
 * `resolve` answers for `bytes` bytes at `offset` of a resource, or throws; it is not asked
 * about "none", which becomes address 0. Nothing of a malformed stream is trusted.
 * @throws BadCommand on an unknown opcode, a wrong length or a stream that ends early.
 */
export function resolveReferences(stream: CommandBuffer, resolve: Answer): Uint32Array {
  const { words } = stream;
  const out = new Uint32Array(words.length);
  let length = 0;
  for (let at = 0; at < words.length;) {
    const shape = shapeAt(words, at);
    const headerAt = length++;
    for (const field of shape.fields) {
      const value = words[at + field.word];
      if (field.type !== 'ref') {
        out[length++] = value;
      } else if (value === 0) {
        out[length++] = 0;
      } else {
        const bytes = extentOf(words, at, shape, field);
        const offset = words[at + field.word + 1];
        out[length++] = resolve(value, offset, bytes, field.writes === true);
      }
    }
    out[headerAt] = header(headerOpcode(words[at]), length - headerAt);
    at += shape.words;
  }
  return out.slice(0, length);
}

/**
 * The same stream with each handle replaced by what `rename` gives for it: the handle that another
 * `Gpu` has for the resource. `rename` answers for `bytes` bytes at `offset`, or throws; it is not
 * asked about "none". Nothing of a malformed stream is trusted.
 * @throws BadCommand as `resolveReferences` does.
 */
export function renameHandles(stream: CommandBuffer, rename: Answer): CommandBuffer {
  const words = stream.words.slice();
  for (let at = 0; at < words.length;) {
    const shape = shapeAt(words, at);
    for (const field of shape.fields) {
      const handleAt = at + field.word;
      if (field.type === 'ref' && words[handleAt] !== 0) {
        const bytes = extentOf(words, at, shape, field);
        const writes = field.writes === true;
        words[handleAt] = rename(words[handleAt], words[handleAt + 1], bytes, writes);
      }
    }
    at += shape.words;
  }
  return { words };
}
