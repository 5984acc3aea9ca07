/**
 * Records a triangle on a stack, with a witness beside each event: where Node's own stack trace says
 * that the driver is. As a program it follows the drivers, and prints what it recorded.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TraceEvent } from '@doorbell/hypervisor';
import type { RunRecording } from '@doorbell/lab';
import { enableSource } from '../src/source.ts';

export interface Witnessed extends Omit<TraceEvent, 'line'> {
  /** `guest-driver/src/bell/ring.ts:27`, or '' for none: as the trace has it, and as the stack has it. */
  readonly line: string;
  readonly witness: string;
  readonly locals: string;
}

export interface FollowedRun {
  readonly virtualNs: number | null;
  readonly counts: unknown;
  readonly frames: string;
  readonly driver: string;
  readonly events: readonly Witnessed[];
}

/** Where the code of the machine takes over from the driver that the frames below it are of. */
const NOBODYS = /Machine\.(?:handleNext|deliverDue)|Tasks\.resume/;
const DRIVER = /packages\/((?:guest-driver|pv-frontend)\/src\/[\w/-]+\.ts:\d+)/;

function witness(): string {
  for (const frame of new Error().stack?.split('\n') ?? []) {
    const place = DRIVER.exec(frame)?.[1];
    if (place !== undefined || NOBODYS.test(frame)) {
      return place ?? '';
    }
  }
  return '';
}

export async function followedRun(stack: string, where = witness): Promise<FollowedRun> {
  const { record, parseStacks, scenes } = await import('@doorbell/lab');
  const { profiles } = await import('@doorbell/hypervisor');
  const { labEnvironment } = await import('@doorbell/lab/node');
  const witnesses = new Map<number, string>();
  Error.stackTraceLimit = 100;
  const recording = await record(
    {
      spec: parseStacks(stack)[0],
      scene: scenes.get('triangle')!,
      profile: profiles.get('kvm-x86')!,
      context: { width: 64, height: 48, frames: 1, seed: 1 },
      onStack: ({ host }) => {
        const { tracer } = host.machine;
        const event = tracer.event.bind(tracer);
        tracer.event = (...args) => {
          const id = event(...args);
          if (args[0] !== 'statement') {
            witnesses.set(id, where());
          }
          return id;
        };
      },
    },
    labEnvironment,
  );
  return runOf(recording, witnesses);
}

function runOf(
  { events, source, report }: RunRecording,
  witnesses: ReadonlyMap<number, string>,
): FollowedRun {
  return {
    virtualNs: report!.time.virtualNs,
    counts: report!.counts,
    frames: report!.frames.sha256,
    driver: report!.driver.sha256,
    events: [...events].map(({ line, ...event }) => {
      const at = source?.lines[line];
      return {
        ...event,
        line: at === undefined || line === 0 ? '' : `${at.file}:${at.line}`,
        witness: witnesses.get(event.id) ?? '',
        locals: source?.locals.get(event.id) ?? '',
      };
    }),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await enableSource();
  const runs: FollowedRun[] = [];
  for (const stack of process.argv.slice(2)) {
    runs.push(await followedRun(stack));
  }
  process.stdout.write(JSON.stringify(runs));
}

/** This file, to be run by tsx. */
export const program = fileURLToPath(import.meta.url);
