/** Debian's lspci reads what `doorbell lspci` prints. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DeviceHost, formatBdf, type VirtioDevice, virtioIds } from '@doorbell/abi';
import { VirtioPci, type VirtioPciParts } from '@doorbell/device-model';
import { formatConfigSpace } from '../../packages/lab/src/text/config-dump.ts';
import { pciTree } from '../../packages/lab/src/text/pci-tree.ts';
import { hostWith, type Plugged } from '../../packages/hypervisor/test/hierarchy.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const doorbell = fileURLToPath(new URL('../../packages/cli/bin/doorbell.mjs', import.meta.url));
/** Debian has it in /usr/bin, other systems where only root's PATH looks. */
const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };

const missing = spawnSync('lspci', ['--version'], { env }).error !== undefined;
const required = process.env.DOORBELL_REQUIRE_PEERS === '1';
if (missing && !required) {
  console.warn('lspci is missing, so its tests are skipped; apt-get install pciutils brings it.');
}

/** Where no kernel modules are installed, lspci cannot name the drivers of this machine's devices. */
const aboutThisMachine = /^lspci: Unable to load libkmod resources: .*\n/m;

/** A dump has no sizes, so lspci takes the upper half of an address above 4 GiB for a region too. */
const phantom = /Region 3: Memory at <unassigned>/;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lspci-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What lspci says of a dump's functions, one text for each. */
function decodeDump(name: string, dump: string | Buffer): readonly string[] {
  return runLspci(name, dump, ['-nn', '-vvv']).split('\n\n');
}

function runLspci(name: string, dump: string | Buffer, flags: readonly string[]): string {
  const file = join(folder, `${name}.txt`);
  writeFileSync(file, dump);
  const { status, stdout, stderr } = spawnSync('lspci', ['-F', file, ...flags], {
    env,
    encoding: 'utf8',
  });
  expect({ status, complaints: stderr.replace(aboutThisMachine, '') }).toEqual({
    status: 0,
    complaints: '',
  });
  return stdout.trimEnd();
}

function ours(...flags: readonly string[]): string {
  return execFileSync(process.execPath, [doorbell, 'lspci', ...flags], { encoding: 'utf8' });
}

function decode(stack: string, ...flags: readonly string[]): readonly string[] {
  return decodeDump(stack, ours('--stack', stack, ...flags));
}

/** A switch, a board of two functions, a conventional bus, an empty port, an integrated endpoint. */
const crowded: readonly Plugged[] = [
  {
    at: [1, 0],
    kind: 'ROOT_PORT',
    acs: true,
    behind: [
      {
        at: [0, 0],
        kind: 'UPSTREAM_PORT',
        behind: [
          {
            at: [0, 0],
            kind: 'DOWNSTREAM_PORT',
            behind: [
              { at: [0, 0], kind: 'endpoint', multifunction: true },
              { at: [0, 1], kind: 'endpoint', multifunction: true },
            ],
          },
          { at: [1, 0], kind: 'DOWNSTREAM_PORT', behind: [{ at: [0, 0], kind: 'endpoint' }] },
        ],
      },
    ],
  },
  {
    at: [2, 0],
    kind: 'ROOT_PORT',
    behind: [{ at: [0, 0], kind: 'PCI_BRIDGE', behind: [{ at: [4, 0], kind: 'conventional' }] }],
  },
  { at: [3, 0], kind: 'ROOT_PORT' },
  { at: [4, 0], kind: 'integrated' },
];

const nothing = (): void => {};
const host: DeviceHost = {
  bus: { read: () => false, write: () => false, takeLatency: () => 0 },
  timers: { now: () => 0, arm: nothing, disarm: nothing },
  trace: { event: () => 0 },
  display: { flip: nothing },
  message: nothing,
  line: nothing,
  decodeChanged: nothing,
};

/** A GPU with two queues, as far as its transport asks before a driver is there. */
const gpu: VirtioDevice = {
  deviceId: virtioIds.GPU,
  queues: 2,
  features: 0n,
  driverFeatures: 0n,
  status: 0,
  reason: '',
  configGeneration: 0,
  queue: () => ({
    maxSize: 64,
    enabled: false,
    setup: { size: 64, descriptors: 0, driver: 0, device: 0 },
  }),
  writeStatus: nothing,
  readConfig: nothing,
  writeConfig: nothing,
  setQueue: nothing,
  enableQueue: nothing,
  resetQueue: nothing,
  notify: nothing,
};

/** A function's configuration space with its BARs in place, as `lspci -xxx` prints it. */
function virtioDump(more: Partial<VirtioPciParts> = {}): string {
  const pci = new VirtioPci(host, { make: () => gpu, classCode: 0x038000, ...more });
  pci.configWrite(0x1c, 4, more.sharedPages === undefined ? 0 : 0x10);
  pci.configWrite(0x14, 4, 0xfebd0000);
  pci.configWrite(0x20, 4, 0xfe000000);
  pci.configWrite(0x04, 2, 6);
  const rows = Array.from({ length: 16 }, (_, row) => {
    const bytes = Array.from({ length: 16 }, (_, at) => pci.configRead(16 * row + at, 1));
    return `${hex(16 * row)}: ${bytes.map(hex).join(' ')}`;
  });
  return `00:03.0 Display controller\n${rows.join('\n')}\n\n`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** What is said of virtio's capabilities that point to a structure, joined in one line each. */
function virtioLines(text: string): readonly string[] {
  const found = text.matchAll(/Vendor Specific Information: VirtIO: (\w+)\n([^[\n]*)/g);
  const lines = [...found].map(([, name, rest]) => `${name}: ${rest.trim()}`);
  return lines.sort();
}

describe.skipIf(missing && !required)('lspci', () => {
  test.each([
    ['native', '01:00.0', 1],
    ['passthrough', '00:02.0', 0],
    ['emulated', '00:02.0', 0],
  ])('decodes bell as %s sees it', (stack, at, bridges) => {
    const decoded = decode(stack);
    expect(decoded).toHaveLength(bridges + 1);
    const bell = decoded[bridges];
    expect(bell.slice(0, 7)).toBe(at);
    expect(bell).toMatch(/^\S+ Display controller \[0380\]: .*\[1234:be11\] \(rev 01\)/);
    expect(bell).toMatch(/Region 0: Memory at [0-9a-f]{8} \(32-bit, non-prefetchable\)/);
    expect(bell).toMatch(/Region 1: Memory at [0-9a-f]{8} \(32-bit, non-prefetchable\)/);
    expect(bell).toMatch(/Region 2: Memory at [0-9a-f]{10} \(64-bit, prefetchable\)/);
    expect(bell).toMatch(/Region 4: Memory at [0-9a-f]{8} \(32-bit, non-prefetchable\)/);
    expect(bell).toMatch(/Power Management version 3/);
    expect(bell).toMatch(/MSI-X: Enable- Count=129 Masked-/);
    expect(bell).toMatch(/Vector table: BAR=4 offset=00000000/);
    expect(bell).toMatch(/PBA: BAR=4 offset=00002000/);
    expect(bell).toMatch(/Express \(v2\) Endpoint/);
    expect(bell).toMatch(/FLReset\+/);
    expect(bell).toMatch(/Device Serial Number ([0-9a-f]{2}-){7}[0-9a-f]{2}/);
    expect(bell.replace(phantom, '')).not.toMatch(
      /<chain looped>|<unassigned>|unknown|broken|<access denied>/i,
    );
  });

  test('decodes the root port above it, whose access control is on', () => {
    const [port] = decode('native');
    expect(port).toMatch(/^00:01\.0 PCI bridge \[0604\]: .*\[1234:be20\] \(rev 01\)/);
    expect(port).toMatch(/Control: I\/O- Mem\+ BusMaster\+/);
    expect(port).toMatch(/Bus: primary=00, secondary=01, subordinate=01/);
    expect(port).toMatch(/Memory behind bridge: e0000000-e01fffff \[size=2M\] \[32-bit\]/);
    expect(port).toMatch(/Prefetchable memory behind bridge: 0000001000000000-\w+ .*\[64-bit\]/);
    expect(port).toMatch(/Express \(v2\) Root Port \(Slot-\)/);
    expect(port).toMatch(
      /ACSCap:\tSrcValid\+ TransBlk\+ ReqRedir\+ CmpltRedir\+ UpstreamFwd\+ EgressC/,
    );
    expect(port).toMatch(
      /ACSCtl:\tSrcValid\+ TransBlk- ReqRedir\+ CmpltRedir\+ UpstreamFwd\+ EgressC/,
    );
    expect(port).not.toMatch(/<chain looped>|<unassigned>|unknown|broken|<access denied>/i);
  });

  test.each([
    [['--stack', 'native'], '01:00.0  group 1  bell'],
    [['--stack', 'passthrough', '--host'], '01:00.0  group 1  vfio-pci'],
    [['--stack', 'passthrough'], '00:02.0  no group'],
  ])('draws the tree that %j draws, which adds groups and drivers', (flags, line) => {
    const [tree, owners] = ours(...flags, '--tree').split('\n\n');
    expect(tree).toBe(runLspci('tree', ours(...flags), ['-t']));
    expect(owners.split('\n')).toContain(line);
  });

  test('draws the tree of a switch, of boards and of a conventional bus as ours does', () => {
    const { bus } = hostWith(crowded).computer.parts;
    const functions = bus.functions().map(([bdf, endpoint]) => ({
      bdf,
      bytes: Uint8Array.from({ length: 4096 }, (_, at) => endpoint.configRead(at, 1)),
    }));
    const dump = functions
      .map(({ bdf, bytes }) => `${formatConfigSpace(formatBdf(bdf), bytes)}\n\n`)
      .join('');
    expect(pciTree(functions)).toBe(runLspci('crowded', dump, ['-t']));
    const texts = decodeDump('crowded', dump);
    expect(texts.filter((text) => text.includes('PCI bridge [0604]'))).toHaveLength(7);
    expect(texts.filter((text) => text.includes('Audio device [0403]'))).toHaveLength(4);
    expect(texts.join('\n')).toMatch(/Express \(v2\) Upstream Port/);
    expect(texts.join('\n')).toMatch(/Express \(v2\) Downstream Port/);
    expect(texts.join('\n')).toMatch(/Express \(v2\) PCI-Express to PCI\/PCI-X Bridge/);
    expect(texts.join('\n')).toMatch(/Express \(v2\) Root Complex Integrated Endpoint/);
    expect(texts.join('\n')).not.toMatch(/<chain looped>|unknown|broken|<access denied>/i);
  });

  test("decodes a virtual function as its guest sees it: a bell like the host's", () => {
    const [bell, ...others] = decode('sriov');
    expect(others).toEqual([]);
    expect(bell).toMatch(/^00:02\.0 Display controller \[0380\]: .*\[1234:be11\] \(rev 01\)/);
    expect(bell).toMatch(/Region 0: Memory at [0-9a-f]{8} \(32-bit, non-prefetchable\)/);
    expect(bell).toMatch(/Region 2: Memory at [0-9a-f]{10} \(64-bit, prefetchable\)/);
    expect(bell).toMatch(/MSI-X: Enable- Count=129 Masked-/);
    expect(bell).toMatch(/FLReset\+/);
    expect(bell.replace(phantom, '')).not.toMatch(/<chain looped>|<unassigned>|broken/i);
  });

  test('decodes the SR-IOV capability of the physical function, and raw virtual ones', () => {
    const [, physical, ...virtual] = decode('sriov', '--host', '--vfs', '3');
    expect(physical).toMatch(/^01:00\.0 Display controller \[0380\]: .*\[1234:be11\]/);
    expect(physical).toMatch(/Single Root I\/O Virtualization \(SR-IOV\)/);
    expect(physical).toMatch(/IOVCtl:\s+Enable\+ Migration- Interrupt- MSE\+ ARIHierarchy\+/);
    expect(physical).toMatch(
      /Initial VFs: 16, Total VFs: 16, Number of VFs: 3, Function Dependency Link: 00/,
    );
    expect(physical).toMatch(/VF offset: 1, stride: 1, Device ID: be11/);
    expect(physical).toMatch(/Supported Page Size: 00000553, System Page Size: 00000001/);
    expect(physical).toMatch(/Region 2: Memory at [0-9a-f]{16} \(64-bit, prefetchable\)/);
    expect(virtual.map((text) => text.slice(0, 7))).toEqual(['01:00.1', '01:00.2', '01:00.3']);
    for (const text of virtual) {
      expect(text).toMatch(/\[ffff:ffff\]/);
      expect(text).not.toMatch(/Region/);
      expect(text).toMatch(/MSI-X: Enable- Count=129 Masked-/);
    }
  });

  test('decodes where a virtio-gpu function has its structures', () => {
    const [text] = decodeDump('virtio', virtioDump());
    expect(text).toMatch(/^00:03\.0 Display controller \[0380\]: .*\[1af4:1050\] \(rev 01\)/);
    expect(text).toMatch(/Subsystem: .*\[1af4:1100\]/);
    expect(text).toMatch(/Region 1: Memory at febd0000 \(32-bit, non-prefetchable\)/);
    expect(text).toMatch(/Region 4: Memory at fe000000 \(64-bit, prefetchable\)/);
    expect(text).toMatch(/Interrupt: pin A/);
    expect(virtioLines(text)).toEqual([
      'CommonCfg: BAR=4 offset=00000000 size=00001000',
      'DeviceCfg: BAR=4 offset=00002000 size=00001000',
      'ISR: BAR=4 offset=00001000 size=00001000',
      'Notify: BAR=4 offset=00003000 size=00001000 multiplier=00000004',
    ]);
    expect(text).toMatch(/MSI-X: Enable- Count=3 Masked-/);
    expect(text).toMatch(/Vector table: BAR=1 offset=00000000/);
    expect(text).toMatch(/PBA: BAR=1 offset=00000800/);
    expect(text).toMatch(/Express \(v2\) Endpoint/);
    expect(text).not.toMatch(/<chain looped>|<unassigned>|broken|<access denied>/i);
  });

  test('decodes one with a shared memory region, and vectors of its own', () => {
    const [text] = decodeDump('shared', virtioDump({ sharedPages: 128, extraVectors: 8 }));
    expect(text).toMatch(/Region 2: Memory at 1000000000 \(64-bit, prefetchable\)/);
    expect(text).toMatch(/Capabilities: \[e8\] Vendor Specific Information: VirtIO: /);
    expect(text).toMatch(/BAR=2 offset=00000000 size=00080000/);
    expect(text).toMatch(/MSI-X: Enable- Count=11 Masked-/);
    expect(virtioLines(text)).toHaveLength(4);
    expect(text).not.toMatch(/<chain looped>|broken|<access denied>/i);
  });

  test.runIf(existsSync('/usr/share/misc/pci.ids'))('knows the virtio-gpu function by name', () => {
    const [text] = decodeDump('names', virtioDump());
    expect(text).toMatch(/Red Hat, Inc\. Virtio (1\.0 )?GPU/);
  });
});
