/** Runs of which nothing is recorded: elsewhere, or refused before there was a machine. */
import { explainRefusal, type RunRequest } from '@doorbell/lab';
import { trackOf } from '../timeline/track.ts';
import type { Frame, Side } from './contract.ts';

export interface Unrecorded {
  readonly side: Side;
  /** What was shown last. */
  readonly frame: Frame | undefined;
}

/** A run whose stack could not be built, and why. Undefined: the error is of another kind. */
export function refusedRun(request: RunRequest, error: unknown): Unrecorded | undefined {
  const explanation = explainRefusal(error);
  return (
    explanation && {
      side: {
        ...{ ...nothingRecorded(request), report: undefined, explanation },
        error: explanation.error ?? undefined,
      },
      frame: undefined,
    }
  );
}

/** What a side says of a run without its events. */
export function nothingRecorded({
  spec,
  scene,
}: RunRequest): Omit<Side, 'report' | 'explanation' | 'error'> {
  const shown = { name: spec.id, guests: 1, columns: noEvents() };
  return {
    ...shown,
    track: trackOf(shown, []),
    term: spec.kind.term,
    scene: scene.name,
    lines: [],
  };
}

function noEvents(): Side['columns'] {
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
