/** Runs of which nothing is recorded: elsewhere, or refused before there was a machine. */
import { explainRefusal, type RunRequest } from '@doorbell/lab';
import type { Frame, Side } from './contract.ts';

export interface Unrecorded {
  readonly side: Side;
  /** What was shown last. */
  readonly frame: Frame | undefined;
}

/** A run whose stack could not be built, and why. Undefined: the error is of another kind. */
export function refusedRun({ spec, scene }: RunRequest, error: unknown): Unrecorded | undefined {
  const explanation = explainRefusal(error);
  return (
    explanation && {
      side: {
        ...{ name: spec.id, term: spec.kind.term, scene: scene.name, guests: 1 },
        ...{ columns: noEvents(), lines: [], report: undefined, explanation },
        error: explanation.error ?? undefined,
      },
      frame: undefined,
    }
  );
}

export function noEvents(): Side['columns'] {
  return {
    times: new Float64Array(0),
    kinds: new Uint8Array(0),
    requests: new Uint32Array(0),
    causes: new Uint32Array(0),
    lines: new Uint16Array(0),
    a: new Float64Array(0),
    b: new Float64Array(0),
    c: new Float64Array(0),
  };
}
