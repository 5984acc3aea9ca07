/** One run through one stack: a scene, or one for each guest, from the driver's probe to its removal. */
import { copyCounts, type Counts } from '@doorbell/hypervisor';
import type { Environment } from './environment.ts';
import { InputError } from './input-error.ts';
import { guestsOf, type RunRequest } from './frames.ts';
import { GuestRun } from './guest-run.ts';
import { runRemote } from './pv/remote-run.ts';
import { contractOf } from './mode-contract.ts';
import { noPhases } from './meter.ts';
import { Monitor } from './monitor.ts';
import { paidFor } from './paid-for.ts';
import type {
  CountsReport,
  GuestReport,
  SharingReport,
  StackReport,
  TimeReport,
} from './report.ts';
import { byCost, exitsBetween, machineCounts, sumPvCounts } from './run-counts.ts';
import { SharingWatch, waitsOf } from './sharing-report.ts';
import { elsewhere } from './stack-spec.ts';
import { killGuest } from './stacks/kill.ts';
import { buildStack } from './stacks/index.ts';
import type { Stack } from './stacks/stack.ts';

export interface RunResult {
  readonly report: StackReport;
  /** The first guest's. */
  readonly monitor: Monitor;
  /** Of each guest. */
  readonly monitors: readonly Monitor[];
  /** What guests ended with that did not come through, but for those that were to die. */
  readonly errors: readonly Error[];
  /** Undefined when the backend was elsewhere. */
  readonly stack: Stack | undefined;
}

/** @throws InputError when the stack has no room for so many guests; a driver's error, when there is one guest. */
export function runStack(request: RunRequest, environment: Environment): Promise<RunResult> {
  return elsewhere(request.spec) === undefined
    ? runInline(request, environment)
    : runElsewhere(request, environment);
}

/** Everything on one machine, in virtual time. */
async function runInline(request: RunRequest, environment: Environment): Promise<RunResult> {
  const { spec, profile } = request;
  const started = environment.wallMs();
  const guests = guestsOf(request);
  const monitors = guests.map(
    (_, index) =>
      new Monitor(environment.sha256(), (frame, monitor) =>
        request.onShown?.(frame, monitor, index),
      ),
  );
  const stack = buildStack(spec.kind.name, {
    ...{ profile, options: spec.options, bug: request.bug, own: request.own },
    guests: guests.map(({ weight, cap }, index) => ({ weight, cap, display: monitors[index] })),
  });
  request.onStack?.(stack);
  const runs = guests.map(
    (guest, index) => new GuestRun({ stack, index, request: guest, monitor: monitors[index] }),
  );
  const watch = new SharingWatch(runs);
  const running: Running = {
    ...{ stack, runs, request, environment, watch },
    ...{ setup: undefined, atInit: undefined, atClose: undefined },
  };
  runs.forEach((_, index) => {
    boot(running, index);
  });
  await stack.host.machine.tasks.run();
  checkErrors(runs);

  const time = timeReport(running, environment.wallMs() - started);
  const counts = countsReport(running);
  const { setupNs, virtualNs } = time;
  const sharing = watch.report(setupNs, setupNs + (virtualNs ?? 0));
  const report = stackReport(request, environment, {
    ...{ counts, time, sharing, guests: guestReports(runs, watch) },
  });
  const errors = runs.flatMap(({ error, request: { diesAfterNs } }) =>
    error === undefined || diesAfterNs !== undefined ? [] : [error],
  );
  return { report, monitor: monitors[0], monitors, errors, stack };
}

/** Who is alone has its error thrown; so have all, when none came through. */
function checkErrors(runs: readonly GuestRun[]): void {
  const [first] = runs;
  if (first.error !== undefined && runs.every(({ error }) => error !== undefined)) {
    throw first.error;
  }
}

/** The paravirtual pair with its backend elsewhere, in the wall's time. */
async function runElsewhere(request: RunRequest, environment: Environment): Promise<RunResult> {
  const guests = guestsOf(request);
  if (guests.length > 1) {
    throw new InputError(
      `With its backend elsewhere (transport=${request.spec.options.transport}) '${request.spec.kind.name}' has one guest, not ${guests.length}.`,
    );
  }
  const started = environment.wallMs();
  const [guest] = guests;
  const {
    monitor,
    host,
    counts: pv,
    frameNs,
  } = await runRemote({ ...request, ...guest }, environment);
  const time: TimeReport = {
    virtualNs: null,
    setupNs: 0,
    byPhase: noPhases(),
    byCost: {},
    relativeToNative: null,
    wallMs: environment.wallMs() - started,
  };
  const counts = machineCounts(host, pv, []);
  const only: GuestReport = {
    ...{ name: guest.name, scene: guest.scene.name, frames: monitor.frames },
    ...{ sha256: monitor.sha256(), share: 1, due: 1, ...percentiles(frameNs) },
    ...{ busyNs: 0, waitsNs: {} },
  };
  const report = stackReport(request, environment, {
    ...{ counts, time, sharing: null, guests: [only] },
  });
  return { report, monitor, monitors: [monitor], errors: [], stack: undefined };
}

interface Outcome {
  readonly counts: CountsReport;
  readonly time: TimeReport;
  readonly sharing: SharingReport | null;
  readonly guests: readonly GuestReport[];
}

function stackReport(
  request: RunRequest,
  environment: Environment,
  { counts, time, sharing, guests }: Outcome,
): StackReport {
  const { id, kind, options } = request.spec;
  const count = guests.reduce((sum, { frames }) => sum + frames, 0);
  const report: StackReport = {
    id,
    name: kind.name,
    term: kind.term,
    options,
    driver: { package: kind.driver, sha256: environment.driverSha256(kind.driver) },
    frames: { count, sha256: hashOf(guests, environment) },
    guests,
    sharing,
    counts,
    time,
    paidFor: '',
    contract: contractOf(kind.name),
  };
  return { ...report, paidFor: paidFor(report) };
}

function hashOf(guests: readonly GuestReport[], environment: Environment): string {
  if (guests.length === 1) {
    return guests[0].sha256;
  }
  const hash = environment.sha256();
  hash.update(new TextEncoder().encode(guests.map(({ sha256 }) => sha256).join('\n')));
  return hash.digest();
}

interface Running {
  readonly stack: Stack;
  readonly runs: readonly GuestRun[];
  readonly request: RunRequest;
  readonly environment: Environment;
  readonly watch: SharingWatch;
  /** When the first application began, and what had been spent before it. */
  setup: { readonly ns: number; readonly byCost: Float64Array } | undefined;
  /** Counts when the last driver was ready, and when the first application began to close. */
  atInit: Counts | undefined;
  atClose: Counts | undefined;
}

/** Starts what runs on the host, and then the application in the guest; it ends in that order too. */
function boot(running: Running, index: number): void {
  const { stack, runs, request, environment, watch } = running;
  const { machine } = stack.host;
  const run = runs[index];
  const { cpu, gpu, service } = run.guest;
  const main = async (): Promise<void> => {
    await run.application(request, environment, {
      ready: () => {
        running.atInit = copyCounts(machine.counts);
      },
      drawing: () => {
        watch.look(machine.now);
      },
      closing: () => {
        running.atClose ??= copyCounts(machine.counts);
      },
    });
    watch.look(machine.now);
    if (service === undefined) {
      gpu?.sharing.leave(gpu.tenant);
      return;
    }
    machine.tasks.spawn(service.cpu, async () => {
      await service.stop();
      gpu?.sharing.leave(gpu.tenant);
    });
  };
  const begin = (): void => {
    running.setup ??= { ns: machine.now, byCost: machine.byCost.slice() };
    run.meter.start(running.setup.ns);
    machine.tasks.spawn(cpu, main);
    if (run.request.diesAfterNs !== undefined) {
      killLater(running, run, run.request.diesAfterNs);
    }
  };
  if (service === undefined) {
    begin();
  } else {
    machine.tasks.spawn(service.cpu, async () => {
      await service.start();
      begin();
    });
  }
}

/** At its time, from a CPU that is nobody's, unless the guest is done before. */
function killLater({ stack, watch }: Running, run: GuestRun, ns: number): void {
  const { machine } = stack.host;
  const cpu = machine.newCpu();
  machine.tasks.spawn(cpu, async () => {
    await machine.tasks.park(cpu, run, ns);
    if (run.endNs === 0) {
      run.died();
      watch.look(machine.now);
      killGuest(machine, run.guest);
    }
  });
}

/** From the first application's begin to the last one's end; phases are those of the one that ended last. */
function timeReport({ stack, runs, setup }: Running, wallMs: number): TimeReport {
  const last = runs.reduce((latest, run) => (run.endNs > latest.endNs ? run : latest));
  const setupNs = setup?.ns ?? 0;
  return {
    virtualNs: last.endNs - setupNs,
    setupNs,
    byPhase: last.meter.byPhase,
    byCost: byCost(stack, setup?.byCost),
    relativeToNative: null,
    wallMs,
  };
}

function countsReport({ stack, atInit, atClose }: Running): CountsReport {
  const pv = sumPvCounts(stack.guests.flatMap(({ pvCounts }) => pvCounts?.() ?? []));
  return {
    ...machineCounts(stack.host, pv, stack.bells),
    exitsAfterInit: exitsBetween(atInit, atClose),
  };
}

function guestReports(runs: readonly GuestRun[], watch: SharingWatch): readonly GuestReport[] {
  const shares = watch.shares();
  const dues = watch.dues();
  return runs.map((run, index) => {
    const { request, monitor, frameNs, error, guest } = run;
    return {
      name: request.name,
      scene: request.scene.name,
      frames: monitor.frames,
      sha256: monitor.sha256(),
      share: shares[index],
      due: dues[index],
      ...percentiles(frameNs),
      busyNs: guest.gpu?.sharing.ledger.useOf(guest.gpu.tenant).busyNs ?? 0,
      waitsNs: waitsOf(run),
      ...(error === undefined ? {} : { error: error.message }),
    };
  });
}

function percentiles(frameNs: readonly number[]): Pick<GuestReport, 'p50Ns' | 'p99Ns'> {
  const sorted = [...frameNs].sort((a, b) => a - b);
  const percentile = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { p50Ns: percentile(0.5), p99Ns: percentile(0.99) };
}
