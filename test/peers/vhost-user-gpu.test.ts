/** Our virtio-gpu beside QEMU's: that they agree, and that it would be seen if they did not. */
import { setImmediate } from 'node:timers/promises';
import { gpuResponses, viewOf, type VirtioHost } from '@doorbell/abi';
import { remoteBackend, type RemoteBackend } from '@doorbell/lab';
import { type Peer, type PeerResult, peers, type RunPeerOptions, runPeer } from '@doorbell/peers';
import { hostClock } from '@doorbell/pv-backend/node';
import { expect, test } from 'vitest';
import { describeWith } from '../../packages/peers/test/needs.ts';

type OpenBackend = RunPeerOptions['openBackend'];

const NAME = 'vhost-user-gpu';
/** As `doorbell serve` has it. */
const openBackend: OpenBackend = (size, onError) =>
  remoteBackend({
    ...{ renderer: 'software', clock: hostClock(), onError, ...size },
    breathe: () => setImmediate(),
  });

/** A backend that is changed before it is used. */
function changed(change: (backend: RemoteBackend) => RemoteBackend): OpenBackend {
  return async (size, onError) => change(await openBackend(size, onError));
}

/** Its answers are changed before they reach the driver's memory. */
function answering(change: (answer: Uint8Array) => Uint8Array): OpenBackend {
  return changed((backend) => ({
    ...backend,
    create: ({ memory, notifyDriver, configChanged }, display, sinks) => {
      const host: VirtioHost = {
        memory: Object.assign(Object.create(memory) as typeof memory, {
          store: (address: number, bytes: Uint8Array) => memory.store(address, change(bytes)),
        }),
        notifyDriver: (queue) => notifyDriver(queue),
        configChanged: () => configChanged(),
      };
      return backend.create(host, display, sinks);
    },
  }));
}

const peer = (): Peer => peers.find(({ name }) => name === NAME)!;
const frames = (): never => {
  throw new Error('It draws no frames.');
};

function run(open: OpenBackend): Promise<PeerResult> {
  return runPeer(peer(), {}, { frames, openBackend: open });
}

function failedChecks({ checks }: PeerResult): string[] {
  return checks.filter(({ passed }) => !passed).map(({ name }) => name);
}

describeWith(['qemu', 'koffi'], "our virtio-gpu beside QEMU's", () => {
  test('thousands of commands are answered alike, and the screens are alike', async () => {
    const result = await run(openBackend);
    expect([result.why, failedChecks(result)]).toEqual(['', []]);
    expect(result.status).toBe('passed');
  });

  test('it is seen when one kind of error is answered in place of another', async () => {
    const { ERR_INVALID_SCANOUT_ID, ERR_INVALID_PARAMETER } = gpuResponses;
    const result = await run(
      answering((answer) => {
        const other = answer.slice();
        const view = viewOf(other);
        if (view.byteLength >= 4 && view.getUint32(0, true) === ERR_INVALID_SCANOUT_ID) {
          view.setUint32(0, ERR_INVALID_PARAMETER, true);
        }
        return other;
      }),
    );
    expect(failedChecks(result)).toEqual(
      expect.arrayContaining(['scanout', 'seed 1', 'seed 2', 'seed 3', 'seed 4']),
    );
  });

  test('it is seen when a single pixel is wrong', async () => {
    const result = await run(
      changed((backend) => ({
        ...backend,
        create: (host, display, sinks) =>
          backend.create(
            host,
            {
              flip: (pixels, width, height, stride) => {
                const wrong = pixels.slice();
                wrong[(height - 1) * stride + (width - 1) * 4] ^= 1;
                display.flip(wrong, width, height, stride);
              },
            },
            sinks,
          ),
      })),
    );
    expect(failedChecks(result)).toEqual(expect.arrayContaining(['format', 'scanout']));
  });
});
