/** Where a check tries a part: on a machine that is recorded, so that what went wrong can be stepped through. */
import { profiles } from '@doorbell/hypervisor';
import {
  checkScene,
  DEFAULT_WEIGHT,
  findScene,
  parseStacks,
  record,
  type Environment,
  type OwnParts,
  type Picture,
  type Profile,
  type RunRecording,
  type RunRequest,
  type Stack,
  type StackReport,
} from '@doorbell/lab';
import type { Watched } from '../gpu/target.ts';
import { EndedRun, Mismatch } from './mismatch.ts';
import { together } from './together.ts';

/** Small, so that a whole scene takes milliseconds. */
const context = { width: 64, height: 64, frames: 1, seed: 1 };

const [first] = profiles.values();

interface RecordOptions {
  /** What the application has thrown. */
  readonly thrown?: () => Error | undefined;
  readonly profile?: Profile | undefined;
}

export class Bench {
  readonly environment: Environment;
  /** Of the last machine that the check used. */
  recording: RunRecording | undefined;
  /** The event at which something was thrown. */
  step: number | undefined;
  private stack: Stack | undefined;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /**
   * Runs an application on a stack with the part in it. It sees the Gpu of the stack's driver.
   * @param stack  as for --stacks: `pv:renderer=own`.
   * @throws what the application throws, and what ended the run.
   */
  async onStack(
    stack: string,
    own: OwnParts,
    body: (watched: Watched) => Promise<void>,
  ): Promise<void> {
    const shown: Picture[] = [];
    let thrown: Error | undefined;
    const scene = checkScene(async (gpu) => {
      try {
        await body({ gpu, shown });
      } catch (error) {
        this.step = this.stack?.host.machine.tracer.count;
        thrown = error instanceof Error ? error : new Error(String(error));
        throw thrown;
      }
    });
    const onShown = copyOnto(shown);
    await this.record(stack, own, { scene, context, onShown }, { thrown: () => thrown });
  }

  /**
   * A frame of a scene, as the stack's monitor shows it.
   * @throws what ended the run.
   */
  async frame(stack: string, own: OwnParts, scene: string): Promise<Picture> {
    const shown: Picture[] = [];
    const onShown = copyOnto(shown);
    await this.record(stack, own, { scene: findScene(scene), context, onShown });
    const last = shown.at(-1);
    if (last === undefined) {
      throw new Mismatch('a frame on the monitor', 'none');
    }
    return last;
  }

  /**
   * SHA-256 over the frames of each guest, when one draws each of these scenes.
   * @throws what ended the run.
   */
  async hashes(
    stack: string,
    own: OwnParts,
    names: readonly string[],
    frames: number,
  ): Promise<readonly string[]> {
    const { guests } = await this.report(stack, own, names, frames);
    return guests.map(({ sha256 }) => sha256);
  }

  /**
   * What a run took and showed, when a guest draws each of these scenes.
   * @param profile  its prices; the first, when there is none.
   * @throws what ended the run.
   */
  async report(
    stack: string,
    own: OwnParts,
    names: readonly string[],
    frames: number,
    profile?: Profile,
  ): Promise<StackReport> {
    const [first, ...rest] = names.map((name, index) => ({
      ...{ name: `guest${index}`, weight: DEFAULT_WEIGHT, cap: 0 },
      ...{ scene: findScene(name), context: { ...context, frames } },
    }));
    const guests = [first, ...rest];
    const { report } = await this.record(stack, own, { ...first, guests }, { profile });
    if (report === undefined) {
      throw new Mismatch('a run that comes to its end', 'none');
    }
    return report;
  }

  /** Several calls at once, of an application on the stack. @throws what the first that fails throws */
  together<T>(calls: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
    if (this.stack === undefined) {
      throw new RangeError('No stack is there to run anything on.');
    }
    const { host, guests } = this.stack;
    const [{ cpu, computer }] = guests;
    return together({ machine: host.machine, cpu, clock: computer.clock }, calls);
  }

  /** @throws Error with what ended the run. */
  private async record(
    stack: string,
    own: OwnParts,
    request: Omit<RunRequest, 'spec' | 'profile' | 'own' | 'onStack'>,
    { thrown = () => undefined, profile = first }: RecordOptions = {},
  ): Promise<RunRecording> {
    const [spec] = parseStacks(stack);
    const onStack = (made: Stack): void => {
      this.stack = made;
    };
    const whole = { ...request, spec, profile, own, onStack };
    this.step = undefined;
    this.recording = await record(whole, this.environment, { source: false });
    const error = thrown();
    if (error !== undefined) {
      throw error;
    }
    if (this.recording.error !== undefined) {
      throw new EndedRun(this.recording.error);
    }
    return this.recording;
  }
}

/** Keeps each frame that is shown. */
function copyOnto(shown: Picture[]): RunRequest['onShown'] & {} {
  return (_frame, { picture }) => {
    if (picture !== undefined) {
      shown.push({ ...picture, pixels: picture.pixels.slice() });
    }
  };
}
