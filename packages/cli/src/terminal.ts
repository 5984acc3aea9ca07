/** What the output goes to: a terminal of some width and colours, or a file or pipe. */
import type { WriteStream } from 'node:tty';
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

export interface Terminal {
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Bits per colour: 1 for none, 4, 8 or 24. */
  readonly depth: number;
  readonly colors: Colors;
}

/** A file or pipe has no width; 80 is what people paste it into. */
const PIPE_COLUMNS = 80;

/** Node's own judgement of `NO_COLOR`, `FORCE_COLOR`, `TERM`, and so on decides about colours. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  const tty: Partial<WriteStream> = stream;
  const isTerminal = tty.isTTY === true;
  const depth = isTerminal ? (tty.getColorDepth?.() ?? 1) : 1;
  return {
    isTerminal,
    // A terminal that nobody has given a size says 0.
    columns:
      isTerminal && tty.columns !== undefined && tty.columns > 0 ? tty.columns : PIPE_COLUMNS,
    depth,
    colors: pc.createColors(depth > 1),
  };
}
