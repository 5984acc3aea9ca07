/** What `explain` says of a small run. */
import { profiles } from '@doorbell/hypervisor';
import type { Bug } from '../../src/bugs/bug.ts';
import { explainRun } from '../../src/explain/run.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import type { RunRequest } from '../../src/frames.ts';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { testEnvironment } from '../environment.ts';

export interface SmallRun {
  readonly stack: string;
  readonly scene?: string;
  readonly bug?: Bug;
  readonly profile?: RunRequest['profile'];
  readonly frames?: number;
  readonly seed?: number;
}

export function smallRequest({
  stack,
  scene = 'triangle',
  bug,
  profile = profiles.get('kvm-x86')!,
  frames = 1,
  seed = 1,
}: SmallRun): RunRequest {
  const [spec] = parseStacks(stack);
  return {
    ...{ spec, scene: scenes.get(scene)!, profile },
    context: { width: 48, height: 32, frames, seed },
    ...(bug === undefined ? {} : { bug }),
  };
}

export function explained(run: SmallRun): Promise<Explanation> {
  return explainRun(smallRequest(run), testEnvironment);
}
