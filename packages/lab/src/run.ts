/** One scene through one stack, from the driver's probe to its removal. */
import { probeBell } from '@doorbell/guest-driver';
import { copyCounts, costNames, totalExits, type Counts, type Profile } from '@doorbell/hypervisor';
import type { Environment } from './environment.ts';
import { Meter } from './meter.ts';
import { Monitor } from './monitor.ts';
import { paidFor } from './paid-for.ts';
import type { CountsReport, GuestReport, StackReport } from './report.ts';
import type { Scene, SceneContext } from './scene.ts';
import type { StackSpec } from './stack-spec.ts';
import { buildStack } from './stacks/index.ts';
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
  readonly onShown?: (frame: number, monitor: Monitor) => void;
  readonly signal?: { readonly aborted: boolean };
}

export interface RunResult {
  readonly report: StackReport;
  readonly monitor: Monitor;
  readonly stack: Stack;
}

/** The user ended the run. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

export async function runStack(request: RunRequest, environment: Environment): Promise<RunResult> {
  const { spec, profile } = request;
  const started = environment.wallMs();
  const monitor = new Monitor(environment.sha256());
  const stack = buildStack(spec.kind.name, { profile, options: spec.options, display: monitor });
  request.onStack?.(stack);
  const meter = new Meter(stack.computer);
  const { machine } = stack.host;
  const setupNs = machine.now;
  const setupByCost = machine.byCost.slice();
  const marks: Marks = { frameNs: [], atInit: undefined, atClose: undefined };

  machine.tasks.spawn(stack.computer.parts.cpu, () =>
    application(request, environment, { stack, meter, monitor, marks }),
  );
  await machine.tasks.run();

  const wallMs = environment.wallMs() - started;
  const sha256 = monitor.sha256();
  const counts = countsReport(stack, marks);
  const report: StackReport = {
    id: spec.id,
    name: spec.kind.name,
    term: spec.kind.term,
    options: spec.options,
    driver: { package: spec.kind.driver, sha256: environment.driverSha256(spec.kind.driver) },
    frames: { count: monitor.frames, sha256 },
    guests: [guestReport(request, monitor, sha256, marks.frameNs)],
    counts,
    time: {
      virtualNs: machine.now - setupNs,
      setupNs,
      byPhase: meter.byPhase,
      byCost: byCost(stack, setupByCost),
      relativeToNative: null,
      wallMs,
    },
    paidFor: '',
  };
  return { report: { ...report, paidFor: paidFor(report) }, monitor, stack };
}

interface Marks {
  /** Virtual time of each frame. */
  readonly frameNs: number[];
  /** Counts when the driver was ready, and when the application began to close. */
  atInit: Counts | undefined;
  atClose: Counts | undefined;
}

interface Running {
  readonly stack: Stack;
  readonly meter: Meter;
  readonly monitor: Monitor;
  readonly marks: Marks;
}

/** What the application does. It sees the Gpu, and nothing of what is behind it. */
async function application(
  { scene, context, onFrame, onShown, signal }: RunRequest,
  environment: Environment,
  { stack, meter, monitor, marks }: Running,
): Promise<void> {
  const { machine } = stack.host;
  const driver = await probeBell(stack.computer.device(stack.bdf));
  const gpu = meter.wrap(await driver.open());
  marks.atInit = copyCounts(machine.counts);
  const run = await scene.setup(gpu, context);
  for (let frame = 0; frame < context.frames; frame++) {
    onFrame?.(frame);
    await environment.breathe();
    if (signal?.aborted === true) {
      throw new Aborted('The run was ended.');
    }
    const before = machine.now;
    await run.frame(frame);
    marks.frameNs.push(machine.now - before);
    onShown?.(frame, monitor);
  }
  onFrame?.(context.frames);
  await run.close();
  marks.atClose = copyCounts(machine.counts);
  await gpu.close();
  driver.remove();
  meter.enter('close');
}

function countsReport(stack: Stack, marks: Marks): CountsReport {
  const { counts } = stack.host.machine;
  const { counts: translations } = stack.host.iommu;
  const between = Object.entries(marks.atClose?.exitsByReason ?? {}).map(([reason, count]) => [
    reason,
    count - (marks.atInit?.exitsByReason[reason as keyof Counts['exitsByReason']] ?? 0),
  ]);
  return {
    exits: totalExits(counts),
    exitsByReason: { ...counts.exitsByReason },
    exitsAfterInit: Object.fromEntries(between) as Record<string, number>,
    directAccesses: counts.directAccesses,
    hypercalls: 0,
    kicks: 0,
    interrupts: counts.interrupts,
    injections: counts.injections,
    iotlbHits: translations.iotlbHits,
    iotlbMisses: translations.iotlbMisses,
    iommuFaults: translations.faults,
    bytesDma: counts.bytesDma,
    bytesCopied: counts.bytesCopied,
    shadowUpdates: 0,
    contextSwitches: stack.bell.counts.contextSwitches,
  };
}

/** What was spent, dearest first; the GPU's engines by what they did. */
function byCost(stack: Stack, before: Float64Array): Record<string, number> {
  const spent = costNames.map((name, index): [string, number] => [
    name,
    stack.host.machine.byCost[index] - before[index],
  ]);
  const engines = Object.entries(stack.bell.counts.busyNs).map(([engine, ns]): [string, number] => [
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
