/** A run whose backend is in another thread or process: nothing of it is recorded, and its time is the wall's. */
import {
  InputError,
  messagePair,
  nothingSaid,
  roundsOtherwise,
  runRounded,
  runStack,
  type ConnectBackend,
  type Environment,
  type RunRequest,
  type PixelsReport,
  type StackReport,
  type StackSpec,
} from '@doorbell/lab';
import { wallClockOf } from '@doorbell/wire';
import { counted } from '../quantity.ts';
import { connectSocket } from './browser-socket.ts';
import type { BackendState } from './contract.ts';
import { pairWithThread, sharesMemory } from './thread-pair.ts';
import { nothingRecorded, type Unrecorded } from './unrecorded.ts';

/** @throws InputError, Aborted; BackendFailed when it is not there, or gone for too long. */
export async function runElsewhere(
  request: RunRequest,
  environment: Environment,
  address: string | undefined,
  tell: (state: BackendState) => void,
): Promise<Unrecorded> {
  const connectBackend = connectorTo(address, tell);
  const run = roundsOtherwise(request.spec) ? runRounded : runStack;
  const { report, monitor } = await run(request, { ...environment, connectBackend });
  const { picture } = monitor;
  return {
    side: {
      ...{
        ...nothingRecorded(request),
        term: termOf(request.spec, report),
        report,
        error: undefined,
      },
      explanation: nothingSaid,
    },
    frame: picture && {
      ...{ width: picture.width, height: picture.height },
      pixels: picture.pixels.slice(),
    },
  };
}

function termOf({ kind, options }: StackSpec, { pixels }: StackReport): string {
  const where =
    options.transport === 'worker'
      ? `; a thread for its backend, and ${sharesMemory ? 'shared memory' : 'messages, as this page may not share memory'}`
      : '';
  return `${kind.term}${where}${pixels === undefined ? '' : roundingText(pixels)}`;
}

/** Of a renderer that may round otherwise. */
function roundingText({ differing, within }: PixelsReport): string {
  const bounds = within ? 'within' : 'beyond';
  return `; ${counted(differing)} pixels differ from those of bell's engines, ${bounds} its bounds`;
}

function connectorTo(
  address: string | undefined,
  tell: (state: BackendState) => void,
): ConnectBackend {
  return async (transport, request) => {
    if (transport === 'worker') {
      return pairWithThread(request);
    }
    if (address === undefined) {
      throw new InputError(
        "transport=websocket needs a backend: start 'doorbell serve --backend', and give its address under Backend.",
      );
    }
    return messagePair(request, {
      clock: wallClockOf(globalThis),
      connect: async (isAgain) => {
        tell(isAgain ? 'away' : 'connecting');
        const connection = await connectSocket(address);
        tell('connected');
        return connection;
      },
    });
  };
}
