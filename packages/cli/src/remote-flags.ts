/** The options of `compare` that say where the backend of `pv` is, and how bad the way to it. */
import type { StackSpec } from '@doorbell/lab';
import type { Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { parseBackendAddress } from './backend-address.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import type { RemoteOptions } from './remote-pair.ts';

export interface RemoteFlags {
  readonly backend?: string;
  readonly latency?: number;
  readonly jitter?: number;
  readonly dropConnectionAt?: number;
  readonly reconnect?: number;
  readonly seed: number;
}

/** Seconds. */
const RECONNECT = 30;

export function addRemoteFlags(command: Command): void {
  command
    .optionsGroup('Where the backend of pv is, with --pv-transport websocket:')
    .option('--backend <ws://…>', 'the address that doorbell serve --backend printed; implies it')
    .option('--latency <ms>', 'added to each message, one way', wholeNumber(0, 10_000))
    .option('--jitter <ms>', 'up to so much more, different each time', wholeNumber(0, 10_000))
    .option(
      '--drop-connection-at <n>',
      'cuts the connection after n messages, once',
      wholeNumber(1, 1_000_000_000),
    )
    .option(
      '--reconnect <s>',
      `seconds to wait for a backend that is lost; 0: not at all (default: ${RECONNECT})`,
      wholeNumber(0, 3600),
    );
}

/** Stack options that the flags imply. @throws Failure */
export function impliedOptions(
  { backend }: RemoteFlags,
  stacks: string,
): Readonly<Record<string, string>> {
  if (backend === undefined) {
    return {};
  }
  if (!/(^|,)\s*pv\b/.test(stacks)) {
    throw refusal('--backend is for the stack pv, which is not among --stacks.');
  }
  return { transport: 'websocket' };
}

/** @throws Failure when a flag could have no effect, which its user would not expect. */
export function remoteOptions(flags: RemoteFlags, stacks: readonly StackSpec[]): RemoteOptions {
  const { backend, latency = 0, jitter = 0, dropConnectionAt, seed } = flags;
  const pairs = stacks.map(({ options }) => options).filter(({ transport }) => transport);
  const far = pairs.filter(({ transport }) => transport === 'websocket');
  if (backend !== undefined && far.length < pairs.length) {
    throw refusal('--backend is reached by a websocket: leave --pv-transport and transport= out.');
  }
  if (backend !== undefined && far.some(({ renderer }) => renderer !== 'host')) {
    throw refusal(
      'The renderer is chosen where the backend runs: doorbell serve --backend --renderer NAME.',
    );
  }
  if (far.length === 0) {
    checkUnused(flags);
  }
  return {
    ...(backend === undefined ? {} : { backend: parseBackendAddress(backend) }),
    impairment: {
      ...{ latencyMs: latency, jitterMs: jitter, seed },
      ...(dropConnectionAt === undefined ? {} : { dropConnectionAt }),
    },
    recoveryNs: (flags.reconnect ?? RECONNECT) * 1e9,
  };
}

function checkUnused({ latency, jitter, dropConnectionAt, reconnect }: RemoteFlags): void {
  const given = { latency, jitter, 'drop-connection-at': dropConnectionAt, reconnect };
  for (const [flag, value] of Object.entries(given)) {
    if (value !== undefined) {
      throw refusal(
        `--${flag} is for pv behind a socket: add --pv-transport websocket, or --backend.`,
      );
    }
  }
}

function refusal(message: string): Failure {
  return new Failure(exitCodes.BAD_INPUT, message);
}
