/**
 * Stands between the application and the driver: gives each call its request id, pays for the
 * call, and books the time that passes to the phase of the call that is running.
 */
import type { Gpu, RequestId } from '@doorbell/abi';
import { cost, type Computer, type Cpu } from '@doorbell/hypervisor';
import { phases, type Phase } from './report.ts';

/** Each call of the Gpu API, and the phase that its time belongs to. */
const calls = {
  createBuffer: 'upload',
  createImage: 'upload',
  destroy: 'upload',
  write: 'upload',
  submit: 'submit',
  wait: 'wait',
  read: 'readback',
  present: 'present',
  close: 'close',
} as const satisfies Record<string, Phase>;

type Call = keyof typeof calls;
/** By the number that a trace has. */
export const callNames = Object.keys(calls) as Call[];

export function noPhases(): Record<Phase, number> {
  return Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<Phase, number>;
}

/** Calls that one guest can make before its ids meet the next one's. */
const REQUESTS_EACH = 2 ** 24;

/** Whose call a request is; 0 of request 0, which is nobody's. */
export function guestOfRequest(request: RequestId): number {
  return Math.floor(request / REQUESTS_EACH);
}

export class Meter {
  /** Virtual nanoseconds. */
  readonly byPhase: Record<Phase, number>;
  private readonly computer: Computer;
  private readonly cpu: Cpu;
  private phase: Phase = 'init';
  private since: number;
  private request: number;

  /** @param guest  of several: requests of different guests have different ids. */
  constructor({ computer, cpu }: { readonly computer: Computer; readonly cpu: Cpu }, guest = 0) {
    this.computer = computer;
    this.cpu = cpu;
    this.since = computer.parts.machine.now;
    this.request = guest * REQUESTS_EACH;
    this.byPhase = noPhases();
  }

  /** Time counts from `at` on, in nanoseconds. */
  start(at: number): void {
    this.since = at;
  }

  /** Time from here on belongs to `phase`. */
  enter(phase: Phase): void {
    const { now } = this.computer.parts.machine;
    this.byPhase[this.phase] += now - this.since;
    this.since = now;
    this.phase = phase;
  }

  /** The same Gpu, metered. */
  wrap(gpu: Gpu): Gpu {
    return {
      features: gpu.features,
      createBuffer: (bytes, placement) =>
        this.call('createBuffer', bytes, () => gpu.createBuffer(bytes, placement)),
      createImage: (width, height) =>
        this.call('createImage', width * height * 4, () => gpu.createImage(width, height)),
      destroy: (resource) => this.call('destroy', 0, () => gpu.destroy(resource)),
      write: (resource, offset, bytes) =>
        this.call('write', bytes.length, () => gpu.write(resource, offset, bytes)),
      read: (resource, offset, into) =>
        this.call('read', into.length, () => gpu.read(resource, offset, into)),
      submit: (commands) =>
        this.call('submit', commands.words.byteLength, () => gpu.submit(commands)),
      wait: (fence) => this.call('wait', 0, () => gpu.wait(fence)),
      present: (image) => this.call('present', 0, () => gpu.present(image)),
      close: () => this.call('close', 0, () => gpu.close()),
    };
  }

  private async call<T>(name: Call, bytes: number, run: () => Promise<T>): Promise<T> {
    const { tasks } = this.computer.parts.machine;
    const number = callNames.indexOf(name);
    this.enter(calls[name]);
    if (tasks.othersAreBehind) {
      await tasks.letOthersCatchUp(this.cpu);
    }
    this.computer.request(++this.request, number, bytes);
    this.computer.spend(cost['driver.call']);
    try {
      return await run();
    } finally {
      this.enter(calls[name]);
      this.computer.trace.event('appReturn', number, 0);
    }
  }
}
