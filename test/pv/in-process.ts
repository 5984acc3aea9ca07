/** The pair within the test's process, for what is done hundreds of times. */
import { profiles } from '@doorbell/hypervisor';
import { runStack, scenes, stackSpec, type StackReport } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import { backendConnector, type RemoteOptions } from '../../packages/cli/src/remote-pair.ts';

export interface Picture {
  readonly scene: string;
  readonly frames: number;
}

async function run(
  { scene, frames }: Picture,
  stack: string,
  options: Readonly<Record<string, string>>,
  remote: RemoteOptions,
): Promise<StackReport> {
  const { report } = await runStack(
    {
      spec: stackSpec(stack, options),
      scene: scenes.get(scene)!,
      profile: profiles.get('free')!,
      context: { width: 32, height: 24, frames, seed: 1 },
    },
    { ...labEnvironment, connectBackend: backendConnector(remote) },
  );
  return report;
}

/** What bare metal shows: how many frames, and their sum. */
export async function nativeFrames(picture: Picture): Promise<StackReport['frames']> {
  return (await run(picture, 'native', {}, { impairment: {} })).frames;
}

/** @param dropConnectionAt  0: never. */
export function runOver(
  backend: string,
  picture: Picture,
  options: Readonly<Record<string, string>>,
  dropConnectionAt = 0,
): Promise<StackReport> {
  const impairment = dropConnectionAt === 0 ? {} : { dropConnectionAt };
  return run(picture, 'pv', { transport: 'websocket', ...options }, { backend, impairment });
}
