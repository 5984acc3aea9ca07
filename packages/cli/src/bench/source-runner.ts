/** Records frames when `source.ts` asks for them, and answers how many it drew a second. */
import { enableSource } from '../source.ts';

const FRAMES = 10;

const [stack, followed] = process.argv.slice(2);
if (followed !== undefined) {
  await enableSource();
}
// Only now: these load the drivers.
const { profiles } = await import('@doorbell/hypervisor');
const { record, scenes, stackSpec } = await import('@doorbell/lab');
const { labEnvironment } = await import('@doorbell/lab/node');

async function framesPerSecond(): Promise<number> {
  const scene = scenes.get('triangle');
  const profile = profiles.get('kvm-x86');
  if (scene === undefined || profile === undefined) {
    throw new Error('The scene and the profile of this benchmark ship.');
  }
  const context = { width: 64, height: 48, frames: FRAMES, seed: 1 };
  const began = performance.now();
  await record({ spec: stackSpec(stack), scene, context, profile }, labEnvironment);
  return (FRAMES * 1000) / (performance.now() - began);
}

process.on('message', () => {
  void framesPerSecond().then((rate) => process.send?.(rate));
});
process.send?.('ready');
