/** What the device answers, which nobody trusts: type, length and fence are checked here. */
import {
  ctrlHeader,
  GpuError,
  type GpuErrorCode,
  gpuFlags,
  type GpuResponseName,
  gpuResponses,
} from '@doorbell/abi';
import type { Request } from './requests.ts';

const { offsets } = ctrlHeader;

/** How an error that the device may answer reads to an application (§5.7.6.7). */
const codes: Partial<Record<GpuResponseName, GpuErrorCode>> = {
  ERR_UNSPEC: 'fault',
  ERR_OUT_OF_MEMORY: 'out-of-memory',
  ERR_INVALID_SCANOUT_ID: 'fault',
  ERR_INVALID_RESOURCE_ID: 'bad-handle',
  ERR_INVALID_CONTEXT_ID: 'bad-handle',
  ERR_INVALID_PARAMETER: 'bad-range',
};
const names = new Map<number, GpuResponseName>(
  Object.entries(gpuResponses).map(([name, type]) => [type, name as GpuResponseName]),
);

/**
 * The error that a response reports, or undefined when the command was done.
 * @param fence  the command's fence; 0: it has none.
 * @throws GpuError `lost` when no device answers so.
 */
export function errorOf(
  request: Request,
  response: Uint8Array,
  fence: number,
): GpuError | undefined {
  if (request.answerBytes === 0) {
    return undefined; // of the cursor queue
  }
  if (response.length < ctrlHeader.size) {
    throw violation(request, `a response of ${response.length} bytes, which is no header`);
  }
  const view = new DataView(response.buffer, response.byteOffset, response.length);
  const type = view.getUint32(offsets.type, true);
  if (type === gpuResponses[request.answer]) {
    checkFence(request, view, fence);
    checkLength(request, response);
    return undefined;
  }
  const name = names.get(type);
  const code = name === undefined ? undefined : codes[name];
  if (code === undefined) {
    throw violation(request, `type 0x${type.toString(16)}, not ${request.answer}`);
  }
  const badStream = request.command === 'SUBMIT_3D' && code === 'bad-range';
  return new GpuError(
    badStream ? 'bad-command' : code,
    `virtio-gpu: the device answered ${request.command} with ${name}.`,
  );
}

/** §5.7.6.7: the device sets the flag and copies the fence of a fenced command. */
function checkFence(request: Request, view: DataView, fence: number): void {
  if (fence === 0) {
    return;
  }
  const flagged = (view.getUint32(offsets.flags, true) & gpuFlags.FENCE) !== 0;
  const low = view.getUint32(offsets.fence_id, true);
  const high = view.getUint32(offsets.fence_id + 4, true);
  if (!flagged || low + high * 2 ** 32 !== fence) {
    throw violation(request, `another fence than ${fence}`);
  }
}

/** Of answers with data whose length is fixed; a capset may be shorter than its room. */
function checkLength(request: Request, response: Uint8Array): void {
  if (request.answer !== 'OK_CAPSET' && response.length < request.answerBytes) {
    throw violation(request, `${response.length} bytes in place of ${request.answerBytes}`);
  }
}

function violation(request: Request, what: string): GpuError {
  return new GpuError('lost', `virtio-gpu: the device answered ${request.command} with ${what}.`);
}
