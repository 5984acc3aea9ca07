/** What client and server agree on first (vfio-user.rst, VFIO_USER_VERSION). */
import { ProtocolViolation, requireThat } from '../pci-device/violation.ts';
import { vfioUserVersion } from './messages.ts';

/** Ranges that a client may have mapped at a time. */
export const MAX_DMA_MAPS = 256;
/** Bytes in one read or write. */
export const MAX_TRANSFER_BYTES = 1 << 16;
/** Descriptors in one message. */
const MAX_DESCRIPTORS = 8;

const capabilities = {
  max_msg_fds: MAX_DESCRIPTORS,
  max_data_xfer_size: MAX_TRANSFER_BYTES,
  max_dma_maps: MAX_DMA_MAPS,
  write_multiple: true,
} as const;

/** The reply to a client's proposal. @throws ProtocolViolation */
export function agreeOnVersion(payload: Uint8Array): Uint8Array {
  requireThat(payload.length >= vfioUserVersion.size, 'The client proposes no version.');
  const { major } = vfioUserVersion.decode(payload);
  requireThat(major === 0, `The client speaks version ${major} of vfio-user, this is 0.`);
  const wanted = capabilitiesOf(payload.subarray(vfioUserVersion.size));
  // What we reply must be among what was proposed.
  const offered = Object.entries(capabilities).filter(([name]) => name in wanted);
  const text = JSON.stringify({ capabilities: Object.fromEntries(offered) });
  return Buffer.concat([vfioUserVersion.encode({ major: 0, minor: 0 }), Buffer.from(`${text}\0`)]);
}

function capabilitiesOf(data: Uint8Array): object {
  if (data.length === 0) {
    return {};
  }
  const text = Buffer.from(data).toString('utf8').replace(/\0$/, '');
  try {
    const proposal = JSON.parse(text) as { readonly capabilities?: unknown } | null;
    const found = proposal?.capabilities ?? {};
    if (typeof found === 'object') {
      return found;
    }
  } catch {
    // Said below.
  }
  throw new ProtocolViolation('What the client says of its capabilities is no JSON object.');
}
