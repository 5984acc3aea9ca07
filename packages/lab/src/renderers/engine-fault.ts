/** How a renderer tells of what its engines refuse. */
import { GpuError } from '@doorbell/abi';
import { Fault } from '@doorbell/device-model';

/** @throws `error` itself, when it is no fault of the work's */
export function lostWork(renderer: string, error: unknown): GpuError {
  if (error instanceof Fault) {
    const code = error.reason === 'HANG' ? 'hang' : 'fault';
    return new GpuError(code, `The ${renderer} renderer stopped: ${error.message}.`);
  }
  throw error;
}
