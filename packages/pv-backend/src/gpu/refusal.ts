/** Why a command is refused, as a response says it (VIRTIO 1.3 §5.7.6.7). */
import { GpuError, type GpuErrorCode, type GpuResponseName } from '@doorbell/abi';

export type ErrorResponse = Extract<GpuResponseName, `ERR_${string}`>;

/** A command is refused; nothing of it was done. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly response: ErrorResponse;

  constructor(response: ErrorResponse, why: string) {
    super(why);
    this.response = response;
  }
}

/** What the renderer reports. `lost` is not among them: the device then needs a reset. */
const responses: Readonly<Record<Exclude<GpuErrorCode, 'lost'>, ErrorResponse>> = {
  'out-of-memory': 'ERR_OUT_OF_MEMORY',
  'bad-handle': 'ERR_INVALID_RESOURCE_ID',
  'bad-range': 'ERR_INVALID_PARAMETER',
  'bad-command': 'ERR_INVALID_PARAMETER',
  fault: 'ERR_UNSPEC',
  hang: 'ERR_UNSPEC',
};

/** The response for an error, or undefined when the renderer is lost. @throws errors of any other kind */
export function refusalOf(error: unknown): ErrorResponse | undefined {
  if (error instanceof Refusal) {
    return error.response;
  }
  if (error instanceof GpuError) {
    return error.code === 'lost' ? undefined : responses[error.code];
  }
  throw error;
}

/** @throws Refusal unless `condition` holds. */
export function refuseUnless(
  condition: boolean,
  response: ErrorResponse,
  why: string,
): asserts condition {
  if (!condition) {
    throw new Refusal(response, why);
  }
}
