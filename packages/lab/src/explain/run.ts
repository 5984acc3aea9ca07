/** Runs a scene through a stack, and says why it is stuck, if it is. */
import type { Environment } from '../environment.ts';
import { Aborted, type RunRequest } from '../frames.ts';
import { InputError } from '../input-error.ts';
import { runStack } from '../run.ts';
import type { Explanation } from './explanation.ts';
import { explainRefusal, Witness } from './witness.ts';

/** @throws Aborted, InputError */
export async function explainRun(
  request: RunRequest,
  environment: Environment,
): Promise<Explanation> {
  let witness: Witness | undefined;
  try {
    const { errors } = await runStack(
      {
        ...request,
        onStack: (stack) => {
          witness = new Witness(stack);
          request.onStack?.(stack);
        },
      },
      environment,
    );
    return witness!.explain(errors.at(0));
  } catch (error) {
    if (error instanceof Aborted || error instanceof InputError || !(error instanceof Error)) {
      throw error;
    }
    const refusal = witness === undefined ? explainRefusal(error) : witness.explain(error);
    if (refusal === undefined) {
      throw error;
    }
    return refusal;
  }
}
