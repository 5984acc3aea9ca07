/** A run of two small frames whose every event is recorded. */
import { profiles } from '@doorbell/hypervisor';
import { runStack } from '../src/run.ts';
import { scenes } from '../src/scenes/index.ts';
import { parseStacks } from '../src/stack-spec.ts';
import type { Stack } from '../src/stacks/stack.ts';
import { testEnvironment } from './environment.ts';

/** @param stackText  a stack with options, as the command takes it */
export async function tracedRun(stackText: string, scene = 'triangle'): Promise<Stack> {
  const [spec] = parseStacks(stackText);
  const { stack } = await runStack(
    {
      spec,
      scene: scenes.get(scene)!,
      context: { width: 32, height: 32, frames: 2, seed: 1 },
      profile: profiles.get('kvm-x86')!,
      onStack: ({ host }) => {
        host.machine.tracer.recording = true;
      },
    },
    testEnvironment,
  );
  return stack!;
}
