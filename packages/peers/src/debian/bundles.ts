/** What is fetched for the peers: Debian's packages, and of them the files that something reads. */
import type { Need } from '../peer.ts';

export type BundleName = Exclude<Need, 'koffi'>;

export interface Bundle {
  readonly name: BundleName;
  /** Archive of a mirror, and suite. */
  readonly sources: readonly (readonly [archive: string, suite: string])[];
  /** The suite that packages are preferably taken from. */
  readonly target?: string;
  readonly packages: readonly string[];
  /** Of these and what they depend on, those that are unpacked; all by default. */
  readonly unpacked?: readonly RegExp[];
  /** The files that are unpacked, as wildcards of tar(1). Each must be in some package. */
  readonly files: readonly string[];
}

const bookworm = [
  ['debian', 'bookworm'],
  ['debian-security', 'bookworm-security'],
] as const;

const emulatorFiles = [
  'usr/bin/qemu-system-x86_64',
  'usr/lib/x86_64-linux-gnu/*.so*',
  'usr/lib/x86_64-linux-gnu/qemu/*.so',
  'usr/share/qemu/*',
  'usr/share/seabios/*',
];

export const bundles: Readonly<Record<BundleName, Bundle>> = {
  // The first with vfio-user-pci.
  qemu: {
    name: 'qemu',
    sources: [
      ['debian', 'trixie'],
      ['debian', 'trixie-backports'],
    ],
    target: 'trixie-backports',
    packages: ['qemu-system-x86'],
    files: emulatorFiles,
  },
  'qemu-7.2': {
    name: 'qemu-7.2',
    sources: bookworm,
    packages: ['qemu-system-x86'],
    files: [...emulatorFiles, 'lib/x86_64-linux-gnu/*.so*'],
  },
  linux: {
    name: 'linux',
    sources: bookworm,
    packages: ['linux-image-amd64', 'busybox-static', 'libdrm-tests'],
    // The kernel wants programs that make an initrd; the guest's is made here.
    unpacked: [/^linux-image-\d/, /^busybox-static$/, /^libdrm-tests$/, /^libdrm2$/, /^libc6$/],
    files: [
      'boot/vmlinuz-*',
      'lib/modules/*/kernel/drivers/virtio/*.ko',
      'lib/modules/*/kernel/drivers/gpu/drm/*.ko',
      'lib/modules/*/kernel/drivers/gpu/drm/tiny/*.ko',
      'lib/modules/*/kernel/drivers/gpu/drm/ttm/*.ko',
      'lib/modules/*/kernel/drivers/gpu/drm/virtio/*.ko',
      'bin/busybox',
      'usr/bin/mod*',
      'lib/x86_64-linux-gnu/*.so*',
      'usr/lib/x86_64-linux-gnu/*.so*',
    ],
  },
};

export const bundleNames = Object.keys(bundles) as readonly BundleName[];
