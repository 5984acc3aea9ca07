/** Why this machine cannot listen somewhere, and what to do. */
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import type { ListenAddress } from './listen-address.ts';

/** @param error  the system's. */
export function listenFailure(error: NodeJS.ErrnoException, { host, port }: ListenAddress): Error {
  const { BAD_INPUT, UNAVAILABLE } = exitCodes;
  switch (error.code) {
    case 'EADDRINUSE':
      return new Failure(
        UNAVAILABLE,
        `Port ${port} of ${host} is in use: end what listens there, or choose another port with --listen ${host}:PORT.`,
      );
    case 'EACCES':
      return new Failure(
        UNAVAILABLE,
        `Port ${port} needs privileges: choose one from 1024 on with --listen ${host}:PORT.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Failure(
        BAD_INPUT,
        `This machine has no address '${host}': 127.0.0.1 is for this machine alone, 0.0.0.0 for all that can reach it.`,
      );
    default:
      return error;
  }
}
