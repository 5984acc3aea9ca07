/** What the stack of a recorded run is built of, for a machine without drivers and without a screen. */
import { guestsOf } from '../frames.ts';
import type { StackSpec } from '../stack-spec.ts';
import type { StackParts } from '../stacks/stack.ts';
import { runRequest } from '../trace/request.ts';
import type { RecordedRequest } from '../trace/recording.ts';

const nobody = { flip: () => undefined };

/** @throws InputError when there is no such stack or scene. */
export function stackParts(recorded: RecordedRequest): {
  readonly spec: StackSpec;
  readonly parts: StackParts;
} {
  const request = runRequest(recorded);
  const { spec, profile } = request;
  const guests = guestsOf(request).map(({ weight, cap }) => ({ weight, cap, display: nobody }));
  return { spec, parts: { profile, options: spec.options, guests } };
}
