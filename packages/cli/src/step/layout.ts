/** What `doorbell step` shows on a screen: events on the left, state on the right. */
import type { Walk } from '@doorbell/lab';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What is on the screen but for the events. */
export interface ScreenState {
  /** The pane's name and lines. */
  readonly pane: string;
  readonly lines: readonly string[];
  /** What was said last. */
  readonly message: string;
  /** What is being typed; undefined: keys are commands. */
  readonly typed: string | undefined;
}

/** Header, message and prompt. */
const OTHER_ROWS = 3;

function fit(text: string, width: number): string {
  const plain = text.replace(/\p{Cc}/gu, ' ');
  return plain.length > width ? `${plain.slice(0, Math.max(0, width - 1))}>` : plain.padEnd(width);
}

/** As many lines as there are rows, each of at most so many columns. */
export function screenLines(
  walk: Walk,
  { pane, lines, message, typed }: ScreenState,
  { columns, rows }: ScreenSize,
): readonly string[] {
  const { cursor } = walk;
  const { events } = cursor.recording;
  const height = Math.max(1, rows - OTHER_ROWS);
  const left = Math.max(10, Math.floor(columns * 0.58));
  const right = Math.max(0, columns - left - 1);
  const first = Math.max(
    1,
    Math.min(cursor.at - Math.floor(height / 2), events.count - height + 1),
  );
  const body = Array.from({ length: height }, (_, row) => {
    const id = first + row;
    const event = id <= events.count ? events.at(id) : undefined;
    const mark = id === cursor.at ? '>' : ' ';
    const text = event === undefined ? '' : `${mark}${cursor.text(event)}`;
    return `${fit(text, left)}|${fit(row === 0 ? `[${pane}]` : (lines[row - 1] ?? ''), right)}`;
  });
  const others = walk.cursors.length > 1 ? `  (tab: ${otherName(walk)})` : '';
  const header = `${cursor.name}  event ${cursor.at} of ${events.count}  by ${walk.granularity}${others}`;
  const prompt = typed === undefined ? 'n/p N/P r/R b / g i tab ? q' : `: ${typed}`;
  return [header, ...body, message, prompt].map((line) => fit(line, columns)).slice(0, rows);
}

function otherName(walk: Walk): string {
  const other = walk.cursors[(walk.side + 1) % walk.cursors.length];
  return `${other.name} at event ${other.at}`;
}
