/** Why there are no lines of a driver to show. */
import type { SourceLine } from '@doorbell/lab';
import type { Side, Source } from '../machine/contract.ts';

interface Situation {
  /** The one that is stepped. */
  readonly side: Pick<Side, 'account' | 'columns' | 'lines' | 'term'> | undefined;
  readonly isRunning: boolean;
  /** Whether it is of a file, which holds what it holds. */
  readonly isFile: boolean;
  /** Whether lines are recorded as the page stands. */
  readonly isAsked: boolean;
  /** The last that ran where the side stands. */
  readonly lastLine: SourceLine | undefined;
  readonly shown: Source | undefined;
}

export interface Why {
  readonly words: string;
  /** Whether another run would have them. */
  readonly isMended: boolean;
}

/** Undefined: there are some. */
export function whyNoSource(situation: Situation): Why | undefined {
  const { side, isRunning, isFile, isAsked, lastLine, shown } = situation;
  const because = (words: string, isMended = false): Why => ({ words, isMended });
  if (side === undefined) {
    return because(
      isRunning
        ? 'The machines run; the lines of their drivers come with what was recorded.'
        : 'Nothing was run.',
    );
  }
  if (side.account !== undefined) {
    return because(`The driver is that of ${side.term}: its lines were not recorded.`);
  }
  if (side.columns.kinds.length === 0) {
    return because('Nothing was recorded of this stack, and so no line of its driver.');
  }
  if (side.lines.length === 0) {
    return isFile
      ? because('This trace holds no lines: doorbell trace records them with --source.')
      : because('The lines of the driver were not recorded in this run.', !isAsked);
  }
  if (lastLine === undefined) {
    return because(
      'No line of the driver has run yet at this event. Step on (n), or to the end (End).',
    );
  }
  if (shown?.file === lastLine.file && shown.text === undefined) {
    return because(
      `This page does not have ${lastLine.file}: the recording is of another version.`,
    );
  }
  return undefined;
}
