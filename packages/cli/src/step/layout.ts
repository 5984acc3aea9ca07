/**
 * What `doorbell step` shows on a screen: state on the right; on the left the driver's source and
 * events below it, or events alone where no source lines were recorded. A wide screen has them in
 * three columns.
 */
import { sourcePart, type Cursor, type Walk } from '@doorbell/lab';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What is on the screen but for source and events. */
export interface ScreenState {
  /** The pane's name and lines. */
  readonly pane: string;
  readonly lines: readonly string[];
  /** Lines that are above the screen. */
  readonly top: number;
  /** It has the whole width: an answer, in place of source and events. */
  readonly isWhole: boolean;
  /** What was said last. */
  readonly message: string;
  /** What is being typed; undefined: keys are commands. */
  readonly typed: string | undefined;
}

/** Header, message and prompt. */
const OTHER_ROWS = 3;
/** From so many columns on there are three: source lines are up to 100 long. */
const WIDE = 150;

interface Column {
  readonly width: number;
  readonly lines: readonly string[];
}

function fit(text: string, width: number): string {
  const plain = text.replace(/\p{Cc}/gu, ' ');
  return plain.length > width ? `${plain.slice(0, Math.max(0, width - 1))}>` : plain.padEnd(width);
}

/** As many lines as there are rows, each of at most so many columns. */
export function screenLines(
  walk: Walk,
  state: ScreenState,
  { columns, rows }: ScreenSize,
): readonly string[] {
  const { message, typed } = state;
  const height = Math.max(1, rows - OTHER_ROWS);
  const left = state.isWhole ? [] : leftColumns(walk, columns, height);
  const taken = left.reduce((sum, { width }) => sum + width + 1, 0);
  const pane: Column = { width: Math.max(0, columns - taken), lines: paneLines(state, rows) };
  const body = Array.from({ length: height }, (_, row) =>
    [...left, pane].map((column) => fit(column.lines[row] ?? '', column.width)).join('|'),
  );
  const { cursor } = walk;
  const others = walk.cursors.length > 1 ? `  (tab: ${otherName(walk)})` : '';
  const header = `${cursor.name}  event ${cursor.at} of ${cursor.recording.events.count}  by ${walk.granularity}${others}`;
  const prompt = typed === undefined ? 'n/p N/P r/R b / g w i tab : ? q' : `: ${typed}`;
  return [header, ...body, message, prompt].map((line) => fit(line, columns)).slice(0, rows);
}

/** Lines of a pane that a screen has room for, below its name. */
export function paneRows(rows: number): number {
  return Math.max(1, rows - OTHER_ROWS - 1);
}

function paneLines({ pane, lines, top }: ScreenState, rows: number): readonly string[] {
  const shown = lines.slice(top, top + paneRows(rows));
  const more =
    shown.length < lines.length
      ? ` ${top + 1}-${top + shown.length} of ${lines.length}, space: more`
      : '';
  return [`[${pane}${more}]`, ...shown];
}

function leftColumns(walk: Walk, columns: number, height: number): readonly Column[] {
  const { cursor, readSource } = walk;
  const source = (rows: number) => sourcePart(cursor, readSource, rows);
  if (columns >= WIDE) {
    const lines = source(height);
    return lines === undefined
      ? [{ width: Math.floor(columns * 0.58), lines: eventLines(cursor, height) }]
      : [
          { width: Math.floor(columns * 0.4), lines },
          { width: Math.floor(columns * 0.3), lines: eventLines(cursor, height) },
        ];
  }
  const width = Math.max(10, Math.floor(columns * 0.58));
  const least = Math.max(1, Math.floor(height / 3));
  const above = source(Math.max(0, height - least - 1));
  if (above === undefined) {
    return [{ width, lines: eventLines(cursor, height) }];
  }
  const events = eventLines(cursor, height - above.length - 1);
  return [{ width, lines: [...above, '-'.repeat(width), ...events] }];
}

/** The events around the cursor's, in so many lines. */
function eventLines(cursor: Cursor, rows: number): readonly string[] {
  const { events } = cursor.recording;
  const first = Math.max(1, Math.min(cursor.at - Math.floor(rows / 2), events.count - rows + 1));
  return Array.from({ length: Math.min(rows, events.count - first + 1) }, (_, row) => {
    const event = events.at(first + row);
    return `${event.id === cursor.at ? '>' : ' '}${cursor.text(event)}`;
  });
}

function otherName(walk: Walk): string {
  const other = walk.cursors[(walk.side + 1) % walk.cursors.length];
  return `${other.name} at event ${other.at}`;
}
