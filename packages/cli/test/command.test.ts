import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doorbell } from './captured.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-'));
  const files = {
    'no.json': 'no JSON at all',
    'empty.json': '{}',
    'text.png': 'no picture at all',
    'text.obj': 'v 1 2 three\n',
    'empty.ply': '',
    'model.xyz': 'v 1 2 3\n',
    'cut.glb': 'glTF',
    profile: '{}',
    'steering.json': '{"name":"\\u001b[2J","doc":"","constants":{}}',
    'marked.json': '\uFEFF{"name":"a","doc":"b","constants":{},"\\u001b[2J":1}',
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('shows the verbs to those who ask for nothing', async () => {
  const { code, stdout, stderr } = await doorbell('');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const verb of ['compare', 'list', 'sensitive', 'lspci', 'tlp', 'vfio', 'peers', 'bench']) {
    expect(stdout).toMatch(new RegExp(`^ {2}${verb} `, 'm'));
  }
});

test('lists its exit codes', async () => {
  const { stdout } = await doorbell('--help');
  expect(stdout).toMatch(/Exit codes:\n {2}0 {4}done/);
  expect(stdout).toMatch(/^ {2}130 {2}ended by Ctrl-C$/m);
});

test.each(['compare', 'list', 'sensitive', 'lspci', 'tlp', 'bench'])(
  '%s has --help',
  async (verb) => {
    const { code, stdout } = await doorbell(`${verb} --help`);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: doorbell ${verb} [options]`);
  },
);

test('offers each option of a stack as a flag, with its values and its stacks', async () => {
  const { stdout } = await doorbell('compare --help');
  expect(stdout).toMatch(
    /--iommu <off\|strict\|deferred\|own> +of native, passthrough, sriov,\s+mdev;\s+off:\s+not\s+for\s+passthrough,\s+sriov,\s+mdev/,
  );
  expect(stdout).toMatch(/--posted-interrupts <off\|on> +of passthrough, sriov, mdev/);
  expect(stdout).toMatch(/--vram <map\|trap> +of emulated/);
});

// What is wrong, and what the line must say of it and of what is accepted. DIR is a folder with files.
test.each([
  [
    'bogus',
    /'bogus'.* compare, list, sensitive, serve, lspci, tlp, trace, step, explain, new, check, grade, hunt, vfio, peers, bench/,
  ],
  ['compar', /'compar' \(Did you mean compare\?\)/],
  ['--bogus', /'--bogus'/],
  ['compare --stak native', /'--stak' \(Did you mean --stacks\?\)/],
  ['compare native', /Too many arguments/],
  ['compare --frames', /--frames.*missing/],
  ['compare --frames 0', /'0'.*from 1 to 100000/],
  ['compare --frames 100001', /'100001'.*from 1 to 100000/],
  ['compare --frames 1.5', /'1.5'.*from 1 to 100000/],
  ['compare --size 640', /'640'.*640x480, each from 16 to 4096/],
  ['compare --size 15x480', /'15x480'.*each from 16 to 4096/],
  ['compare --size 640x4097', /'640x4097'.*each from 16 to 4096/],
  ['compare --seed x', /'x'.*from 0 to 4294967295/],
  ['compare --stacks xen', /'xen'.*native, passthrough, sriov, mdev, emulated/],
  ['compare --stacks native,native', /'native' is there twice/],
  ['compare --stacks native:vram=trap', /'native' has no option 'vram'; it has iommu/],
  ['compare --stacks emulated:vram=maybe', /'maybe' is not one of map, trap/],
  ['compare --stacks emulated:vram', /write option=value/],
  ['compare --stacks native --vram trap', /None of the stacks has the option 'vram'/],
  ['compare --iommu on', /'on'.*off, strict, deferred/],
  [
    'compare --iommu off',
    /'passthrough' needs the IOMMU.*Use iommu=strict or deferred.*--stacks native,native:iommu=off/,
  ],
  ['compare --stacks=', /list of stacks is empty; there is native/],
  ['compare --scene bonny', /'bonny'; there is .*bunny/],
  ['compare --profile vax', /'vax'; there is kvm-x86, .*or give a JSON file/],
  ['compare --profile DIR/absent.json', /Cannot read '.*absent.json': there is no such file/],
  ['compare --profile DIR/no.json', /no.json' is not JSON/],
  ['compare --profile DIR/empty.json', /empty.json': A profile is an object with 'name'/],
  ['compare --profile DIR/steering.json', /'name' has a control character/],
  ['compare --profile DIR/marked.json', /marked.json': .* and no ' \[2J'/],
  ['compare --profile src', /ends in .json; give '.\/src'/],
  ['compare --profile DIR/', /Cannot read '.*': that is a folder/],
  ['compare --model DIR/absent.obj', /Cannot read '.*absent.obj': there is no such file/],
  ['compare --model DIR', /Cannot read '.*': that is a folder/],
  ['compare --model DIR/model.xyz', /model.xyz.*\.obj, \.ply and \.glb are accepted/],
  ['compare --model DIR/text.obj', /text\.obj/],
  ['compare --model DIR/empty.ply', /empty\.ply/],
  ['compare --model DIR/cut.glb', /cut\.glb/],
  ['compare --texture DIR/absent.png', /Cannot read '.*absent.png': there is no such file/],
  ['compare --texture DIR/text.png', /text.png is not a PNG file/],
  ['compare --texture ../lab/test/data/checks.png', /the scene 'bunny' without a --model has none/],
  [
    'compare --texture ../lab/test/data/checks.png --model ../lab/test/data/tetrahedron.ply',
    /texture coordinates, and .*tetrahedron.ply has none/,
  ],
  ['compare --scene nop --texture DIR/absent.png', /'nop' takes no --texture; bunny, image do/],
  ['compare --scene image --model DIR/absent.obj', /'image' takes no --model; bunny does/],
  ['compare --json=', /--json is empty/],
  ['compare --json DIR', /Cannot write '.*': that is a folder/],
  ['compare --json DIR/absent/report.json', /Cannot write '.*report.json': there is no such/],
  ['compare --png DIR/no.json', /Cannot make the folder '.*no.json': a file is in the way/],
  ['list everything', /Too many arguments/],
  ['lspci --stack vax', /'vax'.*native, passthrough, sriov, mdev, emulated/],
  ['lspci --stack native,emulated', /more than one stack/],
])('refuses `%s` in one line, with exit code 2', async (line, says) => {
  const { code, stdout, stderr } = await doorbell(line.replaceAll('DIR', folder));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^doorbell: [^\n]+[.?)]\n$/);
  expect(stderr).toMatch(says);
});

test.runIf(process.platform === 'linux')('ends with 3 when the disk is full', async () => {
  const { code, stderr } = await doorbell('list --json /dev/full');
  expect(code).toBe(3);
  expect(stderr).toBe("doorbell: Cannot write '/dev/full': the disk is full.\n");
});
