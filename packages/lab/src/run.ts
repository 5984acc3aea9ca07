/** One scene through one stack, from the driver's probe to its removal. */
import type { Bell } from '@doorbell/device-model';
import { copyCounts, costNames, totalExits, type Counts, type Host } from '@doorbell/hypervisor';
import type { Environment } from './environment.ts';
import { drawFrames, type RunRequest } from './frames.ts';
import { runRemote } from './pv/remote-run.ts';
import { contractOf } from './mode-contract.ts';
import { Meter, noPhases } from './meter.ts';
import { Monitor } from './monitor.ts';
import { paidFor } from './paid-for.ts';
import type { CountsReport, GuestReport, StackReport, TimeReport } from './report.ts';
import { buildStack } from './stacks/index.ts';
import { noPvCounts, type PvCounts, type Stack } from './stacks/stack.ts';

export interface RunResult {
  readonly report: StackReport;
  readonly monitor: Monitor;
  /** Undefined when the backend was elsewhere. */
  readonly stack: Stack | undefined;
}

export function runStack(request: RunRequest, environment: Environment): Promise<RunResult> {
  const { transport = 'inline' } = request.spec.options;
  return transport === 'inline'
    ? runInline(request, environment)
    : runElsewhere(request, environment);
}

/** Everything on one machine, in virtual time. */
async function runInline(request: RunRequest, environment: Environment): Promise<RunResult> {
  const { spec, profile } = request;
  const started = environment.wallMs();
  const monitor = new Monitor(environment.sha256(), request.onShown);
  const stack = buildStack(spec.kind.name, { profile, options: spec.options, display: monitor });
  request.onStack?.(stack);
  const meter = new Meter(stack.computer);
  const { machine } = stack.host;
  const marks: Marks = {
    setupNs: 0,
    setupByCost: machine.byCost,
    endNs: 0,
    frameNs: [],
    atInit: undefined,
    atClose: undefined,
  };
  const running: Running = { stack, meter, marks };
  boot(running, () => application(request, environment, running));
  await machine.tasks.run();

  const wallMs = environment.wallMs() - started;
  const time: TimeReport = {
    virtualNs: marks.endNs - marks.setupNs,
    setupNs: marks.setupNs,
    byPhase: meter.byPhase,
    byCost: byCost(stack, marks.setupByCost),
    relativeToNative: null,
    wallMs,
  };
  const counts = countsReport(stack, marks);
  const report = stackReport(request, environment, { monitor, counts, time, ...marks });
  return { report, monitor, stack };
}

/** The paravirtual pair with its backend elsewhere, in the wall's time. */
async function runElsewhere(request: RunRequest, environment: Environment): Promise<RunResult> {
  const started = environment.wallMs();
  const { monitor, host, counts: pv, frameNs } = await runRemote(request, environment);
  const time: TimeReport = {
    virtualNs: null,
    setupNs: 0,
    byPhase: noPhases(),
    byCost: {},
    relativeToNative: null,
    wallMs: environment.wallMs() - started,
  };
  const counts = machineCounts(host, pv, undefined);
  const report = stackReport(request, environment, { monitor, counts, time, frameNs });
  return { report, monitor, stack: undefined };
}

interface Outcome {
  readonly monitor: Monitor;
  readonly counts: CountsReport;
  readonly time: TimeReport;
  readonly frameNs: readonly number[];
}

function stackReport(
  request: RunRequest,
  environment: Environment,
  { monitor, counts, time, frameNs }: Outcome,
): StackReport {
  const { id, kind, options } = request.spec;
  const sha256 = monitor.sha256();
  const report: StackReport = {
    id,
    name: kind.name,
    term: kind.term,
    options,
    driver: { package: kind.driver, sha256: environment.driverSha256(kind.driver) },
    frames: { count: monitor.frames, sha256 },
    guests: [guestReport(request, monitor, sha256, frameNs)],
    counts,
    time,
    paidFor: '',
    contract: contractOf(kind.name),
  };
  return { ...report, paidFor: paidFor(report) };
}

/** Starts what runs on the host, and then the application in the guest; it ends in that order too. */
function boot({ stack, meter, marks }: Running, application: () => Promise<void>): void {
  const { machine, computer } = stack.host;
  const host = computer.parts.cpu;
  const guest = stack.computer.parts.cpu;
  const main = async (): Promise<void> => {
    await application();
    marks.endNs = machine.now;
    if (stack.service !== undefined) {
      machine.tasks.spawn(host, () => stack.service!.stop());
    }
  };
  const begin = (): void => {
    marks.setupNs = machine.now;
    marks.setupByCost = machine.byCost.slice();
    meter.start();
    machine.tasks.spawn(guest, main);
  };
  const { service } = stack;
  if (service === undefined) {
    begin();
  } else {
    machine.tasks.spawn(host, async () => {
      await service.start();
      begin();
    });
  }
}

interface Marks {
  /** When the application began and ended, and what had been spent before it. */
  setupNs: number;
  setupByCost: Float64Array;
  endNs: number;
  /** Virtual time of each frame. */
  readonly frameNs: number[];
  /** Counts when the driver was ready, and when the application began to close. */
  atInit: Counts | undefined;
  atClose: Counts | undefined;
}

interface Running {
  readonly stack: Stack;
  readonly meter: Meter;
  readonly marks: Marks;
}

/** What the application does. It sees the Gpu, and nothing of what is behind it. */
async function application(
  request: RunRequest,
  environment: Environment,
  { stack, meter, marks }: Running,
): Promise<void> {
  const { machine } = stack.host;
  const driver = await stack.probe();
  const gpu = meter.wrap(await driver.open());
  marks.atInit = copyCounts(machine.counts);
  const closeScene = await drawFrames(gpu, request, environment, {
    begin: () => machine.now,
    end: (began) => {
      marks.frameNs.push(machine.now - began);
    },
  });
  await closeScene();
  marks.atClose = copyCounts(machine.counts);
  await gpu.close();
  await driver.remove();
  meter.enter('close');
}

function countsReport(stack: Stack, marks: Marks): CountsReport {
  const { host, bell } = stack;
  const between = Object.entries(marks.atClose?.exitsByReason ?? {}).map(([reason, count]) => [
    reason,
    count - (marks.atInit?.exitsByReason[reason as keyof Counts['exitsByReason']] ?? 0),
  ]);
  return {
    ...machineCounts(host, stack.pvCounts?.(), bell),
    exitsAfterInit: Object.fromEntries(between) as Record<string, number>,
  };
}

/** What the machine, the GPU and the paravirtual pair counted. */
function machineCounts(
  { machine, iommu }: Host,
  pv: PvCounts = noPvCounts,
  bell: Bell | undefined,
): CountsReport {
  const { counts } = machine;
  return {
    exits: totalExits(counts),
    exitsByReason: { ...counts.exitsByReason },
    exitsAfterInit: {},
    directAccesses: counts.directAccesses,
    hypercalls: 0,
    ...pv,
    interrupts: counts.interrupts,
    injections: counts.injections,
    iotlbHits: iommu.counts.iotlbHits,
    iotlbMisses: iommu.counts.iotlbMisses,
    iommuFaults: iommu.counts.faults,
    bytesDma: counts.bytesDma,
    bytesCopied: counts.bytesCopied,
    shadowUpdates: counts.shadowUpdates,
    commandsScanned: counts.commandsScanned,
    commandsRefused: counts.commandsRefused,
    contextSwitches: bell?.counts.contextSwitches ?? 0,
  };
}

/** What was spent, dearest first; the GPU's engines by what they did. */
function byCost(stack: Stack, before: Float64Array): Record<string, number> {
  const spent = costNames.map((name, index): [string, number] => [
    name,
    stack.host.machine.byCost[index] - before[index],
  ]);
  const engines = Object.entries(stack.busyNs()).map(([engine, ns]): [string, number] => [
    `gpu.${engine}`,
    ns,
  ]);
  return Object.fromEntries(
    [...spent, ...engines].filter(([, ns]) => ns > 0).sort(([, a], [, b]) => b - a),
  );
}

function guestReport(
  { scene }: RunRequest,
  monitor: Monitor,
  sha256: string,
  frameNs: readonly number[],
): GuestReport {
  const sorted = [...frameNs].sort((a, b) => a - b);
  const percentile = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return {
    name: 'guest0',
    scene: scene.name,
    frames: monitor.frames,
    sha256,
    share: 1,
    due: 1,
    p50Ns: percentile(0.5),
    p99Ns: percentile(0.99),
  };
}
