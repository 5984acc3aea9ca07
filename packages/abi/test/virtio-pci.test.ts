import { describe, expect, it } from 'vitest';
import {
  NO_VECTOR,
  VENDOR_CAPABILITY,
  VIRTIO_PCI_DEVICE_BASE,
  VIRTIO_PCI_VENDOR,
  virtioCommonConfig,
  virtioIsr,
  virtioPciCap,
  virtioPciCap64,
  virtioPciCaps,
  virtioPciCfgCap,
  virtioPciLayout,
  virtioPciNotifyCap,
} from '../src/virtio-pci.ts';

const fields = {
  cap_vndr: 0x09,
  cap_next: 0x40,
  cap_len: 0x14,
  cfg_type: 2,
  bar: 4,
  id: 7,
  padding: 0,
  offset: 0x01020304,
  length: 0x11121314,
};
const golden = [
  ...[0x09, 0x40, 0x14, 0x02, 0x04, 0x07, 0x00, 0x00],
  ...[0x04, 0x03, 0x02, 0x01, 0x14, 0x13, 0x12, 0x11],
];

describe('capabilities', () => {
  it('4.1.4: have 16 bytes', () => {
    expect(virtioPciCap.encode(fields)).toEqual(Uint8Array.from(golden));
    expect(virtioPciCap.decode(Uint8Array.from(golden))).toEqual(fields);
  });

  it('4.1.4.4: for notification, the multiplier follows', () => {
    const bytes = Uint8Array.of(...golden, 0x34, 0x33, 0x32, 0x31);
    const value = { ...fields, notify_off_multiplier: 0x31323334 };
    expect(virtioPciNotifyCap.encode(value)).toEqual(bytes);
    expect(virtioPciNotifyCap.decode(bytes)).toEqual(value);
  });

  it('4.1.4.9: for access by configuration space, four bytes of data follow', () => {
    const bytes = Uint8Array.of(...golden, 0x21, 0x22, 0x23, 0x24);
    const value = { ...fields, pci_cfg_data: 0x24232221 };
    expect(virtioPciCfgCap.encode(value)).toEqual(bytes);
    expect(virtioPciCfgCap.decode(bytes)).toEqual(value);
  });

  it('4.1.4 and 4.1.4.7: for shared memory, the high halves of offset and length follow', () => {
    const bytes = Uint8Array.of(...golden, 0x24, 0x23, 0x22, 0x21, 0x44, 0x43, 0x42, 0x41);
    const value = { ...fields, offset_hi: 0x21222324, length_hi: 0x41424344 };
    expect(virtioPciCap64.encode(value)).toEqual(bytes);
    expect(virtioPciCap64.decode(bytes)).toEqual(value);
  });

  it('4.1.2 and 4.1.4: have these numbers', () => {
    expect([VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE_BASE]).toEqual([0x1af4, 0x1040]);
    expect([VENDOR_CAPABILITY, NO_VECTOR]).toEqual([9, 0xffff]);
    expect(virtioPciCaps).toEqual({
      ...{ COMMON: 1, NOTIFY: 2, ISR: 3, DEVICE: 4, PCI: 5, SHARED_MEMORY: 8, VENDOR: 9 },
    });
  });
});

describe('registers', () => {
  it('4.1.4.3: the common configuration has these, in this order', () => {
    const rows = virtioCommonConfig.names.map((name) => {
      const { offset, width, access } = virtioCommonConfig.rows[name];
      return [name, offset, width, access];
    });
    expect(rows).toEqual([
      ['DEVICE_FEATURE_SELECT', 0x00, 4, 'RW'],
      ['DEVICE_FEATURE', 0x04, 4, 'RO'],
      ['DRIVER_FEATURE_SELECT', 0x08, 4, 'RW'],
      ['DRIVER_FEATURE', 0x0c, 4, 'RW'],
      ['CONFIG_MSIX_VECTOR', 0x10, 2, 'RW'],
      ['NUM_QUEUES', 0x12, 2, 'RO'],
      ['DEVICE_STATUS', 0x14, 1, 'RW'],
      ['CONFIG_GENERATION', 0x15, 1, 'RO'],
      ['QUEUE_SELECT', 0x16, 2, 'RW'],
      ['QUEUE_SIZE', 0x18, 2, 'RW'],
      ['QUEUE_MSIX_VECTOR', 0x1a, 2, 'RW'],
      ['QUEUE_ENABLE', 0x1c, 2, 'RW'],
      ['QUEUE_NOTIFY_OFF', 0x1e, 2, 'RO'],
      ['QUEUE_DESC_LO', 0x20, 4, 'RW'],
      ['QUEUE_DESC_HI', 0x24, 4, 'RW'],
      ['QUEUE_DRIVER_LO', 0x28, 4, 'RW'],
      ['QUEUE_DRIVER_HI', 0x2c, 4, 'RW'],
      ['QUEUE_DEVICE_LO', 0x30, 4, 'RW'],
      ['QUEUE_DEVICE_HI', 0x34, 4, 'RW'],
      ['QUEUE_NOTIF_CONFIG_DATA', 0x38, 2, 'RO'],
      ['QUEUE_RESET', 0x3a, 2, 'RW'],
      ['ADMIN_QUEUE_INDEX', 0x3c, 2, 'RO'],
      ['ADMIN_QUEUE_NUM', 0x3e, 2, 'RO'],
    ]);
  });

  it('4.1.5.1.2.1: events have no vector at reset', () => {
    const { CONFIG_MSIX_VECTOR, QUEUE_MSIX_VECTOR } = virtioCommonConfig.rows;
    expect([CONFIG_MSIX_VECTOR.reset, QUEUE_MSIX_VECTOR.reset]).toEqual([0xffff, 0xffff]);
  });

  it('4.1.4.5: the ISR is a byte, bit 0 for queues and bit 1 for the configuration', () => {
    const { ISR } = virtioIsr.rows;
    expect([ISR.offset, ISR.width, ISR.bits.QUEUE.mask, ISR.bits.CONFIG.mask]).toEqual([
      ...[0, 1, 1, 2],
    ]);
  });

  it('are where QEMU has them', () => {
    expect(virtioPciLayout).toEqual({
      ...{
        MSIX_BAR: 1,
        SHARED_BAR: 2,
        BAR: 4,
        BAR_BYTES: 0x4000,
        PART_BYTES: 0x1000,
        NOTIFY_MULTIPLIER: 4,
      },
      ...{ COMMON: 0x0000, ISR: 0x1000, DEVICE: 0x2000, NOTIFY: 0x3000 },
    });
  });
});
