/** This project's own driver's half of virtio over PCI, as a part. */
import { pciTransport } from '@doorbell/pv-frontend';
import type { TransportPart } from '../part.ts';

export const transport: TransportPart = { kind: 'transport', name: 'pci', open: pciTransport };
