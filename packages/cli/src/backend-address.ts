/** The address of a backend, as `doorbell serve --backend` prints it and `--backend` takes it. */
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

const EXAMPLE = 'ws://127.0.0.1:7640/?token=…';

/** Parses it; gives it as `connectWebSocket` takes it. */
export function parseBackendAddress(text: string): string {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (address === undefined || !['ws:', 'wss:'].includes(address.protocol)) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--backend must be the address that 'doorbell serve --backend' prints, such as ${EXAMPLE}.`,
    );
  }
  if (address.searchParams.get('token') === null || address.searchParams.get('token') === '') {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--backend lacks the token: give the whole address that 'doorbell serve --backend' prints, such as ${EXAMPLE}, in quotes.`,
    );
  }
  if (address.hash !== '' || address.username !== '' || address.password !== '') {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `--backend has parts that mean nothing here; an address is like ${EXAMPLE}.`,
    );
  }
  return address.href;
}
