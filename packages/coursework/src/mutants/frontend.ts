/** Bugs of the driver of a virtio-gpu. */
import type { Mutant } from './mutant.ts';

const FRONTEND = 'packages/pv-frontend/src';
const PROBE = `${FRONTEND}/probe.ts`;

type FrontendMutant = Omit<Mutant, 'kind' | 'policy'>;

const bugs: readonly FrontendMutant[] = [
  {
    id: 'no-reset-first',
    file: PROBE,
    from: '  // 1. Reset the device.\n  await transport.writeStatus(0);\n',
    to: '',
    cite: 'Solo5/solo5 #491: virtio: add missing reset for net and blk devices',
    symptom: 'It works, but not when a boot loader has used the device before.',
    cause: 'The device is not reset at first: it is as somebody else left it.',
    caughtBy: 'virtio-1.3/3.1.1/reset-first',
  },
  {
    id: 'version-1-left-out',
    file: PROBE,
    from: '      VERSION_1,\n      INDIRECT_DESC,\n',
    to: '      INDIRECT_DESC,\n',
    cite: 'rcore-os/virtio-drivers 97f5982 (#196): accept VIRTIO_F_VERSION_1 if offered',
    symptom: 'Some devices work, others refuse the driver.',
    cause: 'VIRTIO_F_VERSION_1 is looked for, and not accepted.',
    caughtBy: 'virtio-1.3/6.1/version-1',
  },
  {
    id: 'status-overwritten',
    file: PROBE,
    from: 'await transport.writeStatus((await transport.readStatus()) | bit);',
    to: 'await transport.writeStatus(bit);',
    cite: "rcore-os/virtio-drivers 233cf1c1138b (#24): don't unset bits in the device status field",
    symptom: 'One virtual machine monitor takes the driver, another does not.',
    cause: 'A step of the status is written alone, and so takes back the steps before it.',
    caughtBy: 'virtio-1.3/2.1.1/never-clears',
  },
  {
    id: 'features-ok-not-read',
    file: PROBE,
    from: `  if (((await transport.readStatus()) & FEATURES_OK) === 0) {
    throw new ProbeError(\`The device refuses the features 0x\${features.toString(16)}.\`);
  }
`,
    to: '',
    cite: 'rcore-os/virtio-drivers 9742c44, src/transport/mod.rs, begin_init: FEATURES_OK is set, and not read again',
    symptom: 'With a device that is choosy the driver goes on, and everything fails later.',
    cause: 'Nobody looks whether the device has confirmed the features.',
    caughtBy: 'virtio-1.3/3.1.1/stops-when-refused',
  },
  {
    id: 'context-init-alone',
    file: PROBE,
    from: 'hasFeature(offered, CONTEXT_INIT) && hasFeature(offered, VIRGL)\n',
    to: 'hasFeature(offered, CONTEXT_INIT)\n',
    cite: 'This project itself, until the check 2.2.1/dependencies was written: pv-frontend, chooseFeatures',
    symptom:
      'A device that offers one half of what belongs together is driven as if it offered both.',
    cause: 'CONTEXT_INIT is accepted though VIRGL, which it needs, is not offered.',
    caughtBy: 'virtio-1.3/2.2.1/dependencies',
  },
  {
    id: 'not-reset-at-the-end',
    file: PROBE,
    from: `    try {
      await transport.writeStatus(0);
    } finally {
      control.queue.release();`,
    to: `    try {
      await transport.readStatus();
    } finally {
      control.queue.release();`,
    cite: 'rcore-os/virtio-drivers 533720dd364e: reset device when the transport is dropped; 576e481',
    symptom: 'After the driver was unloaded, memory that others have changes by itself.',
    cause: 'Memory is given back while the device may still use it: it was not reset.',
    caughtBy: 'virtio-1.3/3.3.1/exposed',
  },
  {
    id: 'config-change-is-an-end',
    file: `${FRONTEND}/watch.ts`,
    from: '      await this.transport.writeConfig(events_clear, Uint8Array.of(GPU_EVENT_DISPLAY, 0, 0, 0));\n',
    to: "      throw new Error('The configuration changed.');\n",
    cite: 'hermit-os/kernel c2c0912a3612: fix(virtio): do not fail on device configuration change if possible',
    symptom: 'Everything works until somebody makes the window larger.',
    cause: 'A change of the configuration is taken for an error.',
    caughtBy: 'virtio-1.3/3.2.1/display-changed',
  },
  {
    id: 'used-length-trusted',
    file: `${FRONTEND}/ring/split.ts`,
    from: '    if (length > this.writable[id]) {\n',
    to: '    if (length > 0xffff_ffff) {\n',
    cite: 'rcore-os/virtio-drivers 97c1d3fd4c76: check that config data size returned by device is no bigger than its buffer size',
    symptom: 'A device makes its driver read what it has not written.',
    cause: 'The length that a device says is not compared with the room that it had.',
    caughtBy: 'virtio-1.3/2.7.8/length-beyond',
  },
  {
    id: 'request-without-padding',
    file: 'packages/abi/src/virtio-gpu.ts',
    from: '    nr_samples: u32,\n    flags: u32,\n    padding: u32,\n',
    to: '    nr_samples: u32,\n    flags: u32,\n',
    cite: 'SerenityOS c0ed656c94ff: Kernel: fix buffer overflow in VirtIOGPU create_3d_resource(..): a struct without its padding',
    symptom: 'Images can be made, and textures cannot.',
    cause: 'A request lacks the padding at its end, and so is shorter than its fields.',
    caughtBy: 'virtio-1.3/5.7.6.7/whole',
  },
  {
    id: 'transfers-not-fenced',
    file: `${FRONTEND}/transfer.ts`,
    from: 'return fenced(request());',
    to: 'return request();',
    cite: 'SerenityOS a2887dc15790: Kernel: disable GPU fencing for VirtIOGPU operations',
    symptom: 'With one device, pictures have parts of the next one.',
    cause:
      'Without a fence a device may answer before it has read the pages, which are then written again.',
    caughtBy: 'virtio-1.3/5.7.6.5/unfenced-later',
  },
  {
    id: 'physical-addresses',
    file: PROBE,
    from: 'return { number, setup: setupAt(layout, iova), queue };',
    to: 'return { number, setup: setupAt(layout, address), queue };',
    cite: 'rcore-os/virtio-drivers 5b6197b0bcbb: tell HAL if VIRTIO_F_ACCESS_PLATFORM was negotiated: addresses were physical all the same',
    symptom: 'On a machine with an IOMMU nothing is ever answered.',
    cause: 'The device is given addresses of the CPU, which an IOMMU does not know.',
    caughtBy: 'virtio-1.3/6.1/reach',
  },
];

export const frontendMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'frontend',
}));
