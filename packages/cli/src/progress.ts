/** How far a long job is, on stderr: a bar on a terminal, else a line per stage. */
import { SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';

export interface Job {
  readonly total: number;
  /** What `total` counts. */
  readonly noun: string;
}

export interface ProgressDisplay {
  /** `done` of the job's total is done, and `stage` is under way. */
  update(stage: string, done: number): void;
  /** Takes the bar away and gives the cursor back. */
  stop(): void;
}

export function progressOn(
  stream: NodeJS.WriteStream,
  terminal: Terminal,
  job: Job,
): ProgressDisplay {
  return terminal.isTerminal ? bar(stream, job) : lines(stream, job);
}

function bar(stream: NodeJS.WriteStream, { total, noun }: Job): ProgressDisplay {
  const made = new SingleBar({
    stream,
    format: `{bar} {value}/{total} ${noun}  {stage}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false, // Ctrl-C has one owner
  });
  let begun = false;
  return {
    update: (stage, done) => {
      if (!begun) {
        made.start(total, done, { stage });
        begun = true;
      }
      made.update(done, { stage });
    },
    stop: () => {
      made.stop();
    },
  };
}

function lines(stream: NodeJS.WriteStream, { total, noun }: Job): ProgressDisplay {
  let current: string | undefined;
  return {
    update: (stage, done) => {
      if (stage !== current) {
        current = stage;
        stream.write(`${stage}: ${done}/${total} ${noun}\n`);
      }
    },
    stop: () => {},
  };
}
