/** What the stack of a recorded run is built of, for a machine without drivers and without a screen. */
import { guestsOf } from '../frames.ts';
import type { StackSpec } from '../stack-spec.ts';
import type { StackParts } from '../stacks/stack.ts';
import { runRequest } from '../trace/request.ts';
import type { RunRecording } from '../trace/recording.ts';

const nobody = { flip: () => undefined };

/** Which machine it was. */
export type RecordedRun = Pick<RunRecording, 'request' | 'own'>;

/** @throws InputError when there is no such stack or scene, or a part of somebody's own is not there. */
export function stackParts({ request: recorded, own }: RecordedRun): {
  readonly spec: StackSpec;
  readonly parts: StackParts;
} {
  const request = runRequest(recorded);
  const { spec, profile } = request;
  const guests = guestsOf(request).map(({ weight, cap }) => ({ weight, cap, display: nobody }));
  return { spec, parts: { profile, options: spec.options, guests, own } };
}
