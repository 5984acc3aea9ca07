/**
 * A scene through the paravirtual pair whose backend is in a thread or behind a socket. Time is
 * the wall's: it is measured, and nothing is priced.
 */
import { GpuError } from '@doorbell/abi';
import { ProbeError, probeVirtioGpu, TransportLost } from '@doorbell/pv-frontend';
import { Host } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';
import { Monitor } from '../monitor.ts';
import { drawFrames, type RunRequest } from '../frames.ts';
import type { PvCounts } from '../stacks/stack.ts';
import { GUEST_BYTES, GUEST_GPU } from '../stacks/stack.ts';
import type { RendererKind } from '../renderers/index.ts';
import { HeldFrames } from './held-frames.ts';
import { frontendOptions } from './options.ts';
import { BackendFailed, type RemotePair, type RemoteTransport } from './remote.ts';

export interface RemoteResult {
  readonly monitor: Monitor;
  readonly host: Host;
  readonly counts: PvCounts;
  /** Wall nanoseconds of each frame. */
  readonly frameNs: readonly number[];
}

/** @throws InputError when the world around has no such transport. */
export async function runRemote(
  request: RunRequest,
  environment: Environment,
): Promise<RemoteResult> {
  const { spec, profile, context } = request;
  const kind = spec.options.transport as RemoteTransport;
  const shared = kind === 'worker' && 'SharedArrayBuffer' in globalThis;
  const monitor = new Monitor(environment.sha256(), (frame, shown) =>
    request.onShown?.(frame, shown, 0),
  );
  const ram = shared ? new SharedArrayBuffer(GUEST_BYTES) : new ArrayBuffer(GUEST_BYTES);
  const host = new Host({
    profile,
    display: monitor,
    // In one memory, addresses are the machine's own; elsewhere, the IOMMU says what is reached.
    iommu: shared ? 'off' : 'strict',
    memoryBytes: GUEST_BYTES,
    memoryBuffer: ram,
  });
  const { dma, bus } = host.attachRemote(GUEST_GPU);
  if (environment.connectBackend === undefined) {
    throw new InputError(`transport=${kind} is not available here.`);
  }
  const frames = new HeldFrames(monitor);
  const pair = await environment.connectBackend(kind, {
    renderer: spec.options.renderer as RendererKind,
    ...{ memory: host.computer.ram, dma, bus, ram, display: frames },
    size: { width: context.width, height: context.height },
    onReplaced: () => {
      frames.drop();
    },
  });
  try {
    const frameNs: number[] = [];
    const counts = await drive(pair, frames, request, environment, frameNs);
    return { monitor, host, counts, frameNs };
  } catch (error) {
    throw isBackends(error) ? new BackendFailed(sentence(error, pair.lost())) : error;
  } finally {
    await pair.close();
  }
}

/** Whether the backend is to blame: the driver found it wanting, or gone. */
function isBackends(error: unknown): error is Error {
  return (
    error instanceof ProbeError ||
    error instanceof TransportLost ||
    (error instanceof GpuError && ['lost', 'fault'].includes(error.code))
  );
}

function sentence({ message }: Error, lost: string | undefined): string {
  const why = lost === undefined || message.includes(lost) ? '' : ` (${lost})`;
  return `The backend failed: ${message.replace(/\.$/, '')}${why}.`;
}

async function drive(
  pair: RemotePair,
  frames: HeldFrames,
  request: RunRequest,
  environment: Environment,
  frameNs: number[],
): Promise<PvCounts> {
  const { memory, dma, clock, recovers: recover, recoveryNs } = pair;
  const recovery = { recover, ...(recoveryNs === undefined ? {} : { recoveryNs }) };
  const options = frontendOptions(request.spec.options, recovery);
  const onFlushed = (): void => {
    frames.show();
  };
  const parts = { memory, dma, clock, onFlushed };
  const driver = await probeVirtioGpu(pair.transport, parts, options);
  const gpu = await driver.open();
  const close = await drawFrames(gpu, request, request, environment, {
    begin: () => clock.now(),
    end: (began) => {
      frameNs.push(clock.now() - began);
    },
  });
  await close();
  await gpu.close();
  const counts = await pair.counts();
  const { suppressedKicks } = driver.counts;
  await driver.remove();
  return {
    ...counts,
    suppressedNotifications: counts.suppressedNotifications + suppressedKicks,
  };
}
