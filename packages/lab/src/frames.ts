/** A scene's frames on a `Gpu`, whatever is behind it. */
import type { Gpu } from '@doorbell/abi';
import { DEFAULT_WEIGHT, type Profile } from '@doorbell/hypervisor';
import type { Bug } from './bugs/bug.ts';
import type { Environment } from './environment.ts';
import type { Monitor } from './monitor.ts';
import type { OwnParts } from './own-parts.ts';
import type { Scene, SceneContext } from './scene.ts';
import type { StackSpec } from './stack-spec.ts';
import type { Stack } from './stacks/stack.ts';

/** What an application draws. */
export interface Drawing {
  readonly scene: Scene;
  readonly context: SceneContext;
}

/** One of several guests: what its application draws, and what it is due of the GPU. */
export interface GuestRequest extends Drawing {
  readonly name: string;
  /** To schedulers that know it: its part against the others' weights. */
  readonly weight: number;
  /** To schedulers that know it: the most that it gets, in percent of the GPU; 0: no limit. */
  readonly cap: number;
  /** Its virtual machine, or its process, dies so many nanoseconds after it began; absent: it does not. */
  readonly diesAfterNs?: number;
}

/** Of one guest, or of several: then `scene` and `context` are of none in particular. */
export interface RunRequest extends Drawing {
  readonly spec: StackSpec;
  readonly profile: Profile;
  /** Absent: one guest, which draws `scene`. */
  readonly guests?: readonly GuestRequest[];
  /** What is wrong with the stack on purpose. */
  readonly bug?: Bug;
  /** What somebody else wrote, in the place of ours. */
  readonly own?: OwnParts;
  /** Called before the driver's probe. */
  readonly onStack?: (stack: Stack) => void;
  /** Called before each frame of each guest, and once when all of a guest's are done: with how many are. */
  readonly onFrame?: (frame: number, guest: number) => void;
  /** Called after a frame was shown, with the guest that showed it. */
  readonly onShown?: (frame: number, monitor: Monitor, guest: number) => void;
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

/** The guests that a request asks for. */
export function guestsOf({ guests, scene, context }: RunRequest): readonly GuestRequest[] {
  return guests ?? [{ name: 'guest0', scene, context, weight: DEFAULT_WEIGHT, cap: 0 }];
}

/** Sets the scene up and draws its frames. Gives what lets go of the scene. @throws Aborted */
export async function drawFrames(
  gpu: Gpu,
  { scene, context }: Drawing,
  { onFrame, signal }: Pick<RunRequest, 'onFrame' | 'signal'>,
  environment: Environment,
  watch: FrameWatch,
  guest = 0,
): Promise<() => Promise<void>> {
  const run = await scene.setup(gpu, context);
  for (let frame = 0; frame < context.frames; frame++) {
    onFrame?.(frame, guest);
    await environment.breathe();
    if (signal?.aborted === true) {
      throw new Aborted('The run was ended.');
    }
    const began = watch.begin();
    await run.frame(frame);
    watch.end(began);
  }
  onFrame?.(context.frames, guest);
  return () => run.close();
}
