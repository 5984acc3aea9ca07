/** A scene's frames on a `Gpu`, whatever is behind it. */
import type { Gpu } from '@doorbell/abi';
import type { Profile } from '@doorbell/hypervisor';
import type { Environment } from './environment.ts';
import type { OnShown } from './monitor.ts';
import type { Scene, SceneContext } from './scene.ts';
import type { StackSpec } from './stack-spec.ts';
import type { Stack } from './stacks/stack.ts';

export interface RunRequest {
  readonly spec: StackSpec;
  readonly scene: Scene;
  readonly context: SceneContext;
  readonly profile: Profile;
  /** Called before the driver's probe. */
  readonly onStack?: (stack: Stack) => void;
  /** Called before each frame, and once when all are done. */
  readonly onFrame?: (frame: number) => void;
  /** Called after a frame was shown. */
  readonly onShown?: OnShown;
  readonly signal?: { readonly aborted: boolean };
}

/** The user ended the run. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

/** Hears of each frame. */
export interface FrameWatch {
  /** The time, in nanoseconds. */
  begin(): number;
  /** @param began  what `begin` gave for this frame. */
  end(began: number): void;
}

/** Sets the scene up and draws its frames. Gives what lets go of the scene. @throws Aborted */
export async function drawFrames(
  gpu: Gpu,
  { scene, context, onFrame, signal }: RunRequest,
  environment: Environment,
  watch: FrameWatch,
): Promise<() => Promise<void>> {
  const run = await scene.setup(gpu, context);
  for (let frame = 0; frame < context.frames; frame++) {
    onFrame?.(frame);
    await environment.breathe();
    if (signal?.aborted === true) {
      throw new Aborted('The run was ended.');
    }
    const began = watch.begin();
    await run.frame(frame);
    watch.end(began);
  }
  onFrame?.(context.frames);
  return () => run.close();
}
