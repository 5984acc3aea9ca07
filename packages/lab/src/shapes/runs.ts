/** Runs of workloads under one profile, each made once however many shapes ask for it. */
import type { Profile } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import type { RunRequest } from '../frames.ts';
import type { StackReport } from '../report.ts';
import { runStack } from '../run.ts';
import type { Scene } from '../scene.ts';
import { parseStacks } from '../stack-spec.ts';

export interface Workload {
  /** Unlike any other workload's. */
  readonly name: string;
  readonly scene: Scene;
  /** Of the window, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Numbers of frames whose difference is what some frames cost when all is under way. */
  readonly between: readonly [number, number];
}

export class Runs {
  readonly profile: Profile;
  readonly environment: Environment;
  private readonly made = new Map<string, Promise<StackReport>>();

  constructor(profile: Profile, environment: Environment) {
    this.profile = profile;
    this.environment = environment;
  }

  /** From the driver's probe to its removal. @param stack  such as `pv:batch=16` */
  whole(stack: string, workload: Workload, frames: number): Promise<StackReport> {
    const { name, width, height } = workload;
    const key = `${stack} ${name} ${frames} ${width}x${height}`;
    const known = this.made.get(key);
    if (known !== undefined) {
      return known;
    }
    const run = this.run(stack, workload, frames);
    this.made.set(key, run);
    return run;
  }

  /** Of a whole run, in virtual nanoseconds. */
  async wholeNs(stack: string, workload: Workload, frames: number): Promise<number> {
    return (await this.whole(stack, workload, frames)).time.virtualNs!;
  }

  /** What `read` gives for one more frame: set-up, uploads and the end are not in it. */
  async perFrame(
    stack: string,
    workload: Workload,
    read: (report: StackReport) => number = ({ time }) => time.virtualNs!,
  ): Promise<number> {
    const [few, many] = workload.between;
    const less = read(await this.whole(stack, workload, few));
    const more = read(await this.whole(stack, workload, many));
    return (more - less) / (many - few);
  }

  /** A run of its own, for what else is to be seen of it; of several guests, if they are given. */
  async run(
    stack: string,
    { scene, width, height }: Workload,
    frames: number,
    more: Pick<RunRequest, 'guests' | 'onStack' | 'onFrame'> = {},
  ): Promise<StackReport> {
    const [spec] = parseStacks(stack);
    const context = { width, height, frames, seed: 1 };
    const { profile, environment } = this;
    const { report } = await runStack({ spec, scene, context, profile, ...more }, environment);
    return report;
  }
}
