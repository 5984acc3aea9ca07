import { profiles } from '@doorbell/hypervisor';
import { beforeEach, expect, test } from 'vitest';
import { InputError } from '../../src/input-error.ts';
import { VfioLab, type LabResult } from '../../src/vfio/lab.ts';
import { vfioMachines } from '../../src/vfio/machine.ts';

const profile = profiles.get('free')!;
let lab: VfioLab;

beforeEach(() => {
  lab = new VfioLab({ machine: 'board', profile });
});

/** What lines say; each must be done. */
function done(...lines: readonly string[]): string[] {
  return lines.map((line) => {
    const result = lab.run(line);
    expect(result).toMatchObject({ line, status: 'done' });
    return result.text;
  });
}

function run(line: string): LabResult {
  return lab.run(line);
}

const give = (...functions: string[]): void => {
  for (const at of functions) {
    if (!lab.run(`driver ${at}`).text.includes('no driver')) {
      done(`unbind ${at}`);
    }
    done(`override ${at} vfio-pci`, `bind vfio-pci ${at}`);
  }
};

test('every machine boots, with its GPU and its audio function in one group', () => {
  for (const machine of Object.keys(vfioMachines)) {
    lab = new VfioLab({ machine, profile });
    const groups = run('groups').text.split('\n');
    expect(groups.some((line) => line.includes('01:00.0 01:00.1'))).toBe(true);
  }
  expect(() => new VfioLab({ machine: 'laptop', profile })).toThrow(InputError);
});

test('a refusal names the errno, the device that is in the way, and its driver', () => {
  give('01:00.0');
  const group = /group (\d+)/.exec(
    run('lspci')
      .text.split('\n')
      .find((line) => line.startsWith('01:00.0'))!,
  )![1];
  done(`group ${group}`, 'container');
  const refused = run('set-container');
  expect(refused).toMatchObject({ status: 'failed', errno: 'EPERM' });
  expect(refused.text).toMatch(/^EPERM: Group \d+ is not viable, because 01:00\.1 .*snd_hda_intel/);
  expect(refused.text).toContain('please ensure all devices within the iommu_group are bound');
  done('! set-container', '! EPERM set-container');
  expect(run('! EBUSY set-container').status).toBe('failed');
});

test('what was expected to be refused and was not has failed', () => {
  expect(run('! lspci')).toMatchObject({ status: 'failed' });
  expect(run('! lspci').text).toContain('expected to be refused');
});

test('what is no command is wrong, and says what there is', () => {
  expect(run('nonsense')).toMatchObject({
    status: 'wrong',
    text: expect.stringContaining("'help'"),
  });
  expect(run('bind vfio-pci')).toMatchObject({
    status: 'wrong',
    text: 'It is used as: bind DRIVER BDF',
  });
  expect(run('driver first')).toMatchObject({ status: 'wrong' });
  expect(run('! driver first')).toMatchObject({ status: 'wrong' });
  expect(run('kill nobody')).toMatchObject({ status: 'wrong' });
  expect(run('lspci\u0007')).toMatchObject({ status: 'wrong' });
  expect(run('')).toEqual({ line: '', status: 'done', text: '' });
});

test('a device reaches what its owner maps, and nothing else', () => {
  give('01:00.0', '01:00.1');
  done('poke 0x1000 "of the user"', 'qemu -device vfio-pci,host=01:00.0');
  expect(done('dma 01:00.0 read 0x1000 11')).toEqual(['01:00.0 read "of the user" at 0x1000']);
  expect(done('dma 01:00.1 write 0x2000 hello', 'peek 0x2000 5')[1]).toBe('"hello"');
  const fault = run('dma 01:00.0 write 0x200000');
  expect(fault).toMatchObject({ status: 'failed', errno: 'FAULT' });
  done('! FAULT dma 01:00.0 read 0x200000');
  done('kill qemu', '! FAULT dma 01:00.0 read 0x1000');
});

test('a process that dies gives all of it back', () => {
  give('01:00.0', '01:00.1');
  done('user alice', 'qemu -device vfio-pci,host=01:00.0');
  expect(run('users').text).toMatch(/\* alice +256 of 256 pages locked/);
  done('user qemu');
  expect(run('qemu -device vfio-pci,host=01:00.1').errno).toBe('EBUSY');
  done('kill alice', 'qemu -device vfio-pci,host=01:00.1', 'close all', 'unbind 01:00.0');
  expect(done('override 01:00.0', 'probe 01:00.0')[1]).toBe('01:00.0: bell');
});

test('what QEMU could not do it undoes', () => {
  done('user small 64K 4');
  give('01:00.0', '01:00.1');
  expect(run('qemu -device vfio-pci,host=01:00.0').errno).toBe('ENOMEM');
  expect(run('users').text).toMatch(/small +0 of 4 pages locked +nothing open/);
  expect(run('qemu -m 4G').status).toBe('wrong');
});

test('the way of containers, step by step', () => {
  give('01:00.0', '01:00.1');
  const group = lab.machine.host.vfio.drivers.member(0x100).group.id;
  const said = done(
    'container',
    `group ${group}`,
    '! EINVAL device 01:00.0',
    'set-container',
    '! EINVAL map 0 0 4K',
    'set-iommu',
    'map 0 0x10000 8K',
    '! EEXIST map 0 0x11000 4K',
    'device 01:00.0',
    '! EBUSY unset-container',
    'dirty start',
    'dirty get 0x10000 8K',
    'dirty stop',
    'reset',
    'unmap all',
  );
  expect(said[0]).toBe('3: /dev/vfio/vfio');
  expect(said[6]).toBe('2 of 256 pages locked');
  expect(said[11]).toBe('dirty: 0x10000 0x11000');
  expect(said[14]).toBe('8192 bytes unmapped, 0 of 256 pages locked');
  expect(done('regions', 'irqs', 'read 7 0', 'iommu-info')).toEqual([
    expect.stringMatching(/^0 +BAR0 +0x10000 +READ WRITE MMAP +0x0\+0x10000$/m),
    expect.stringMatching(/^2 +MSIX +\d+ +EVENTFD$/m),
    '0xbe111234',
    expect.stringContaining('mappings left: 65535'),
  ]);
  done('write 7 4 6 2', 'hot-reset-info', 'hot-reset 4', 'state', 'close 4', 'close 5', 'close 3');
  expect(run('close 3').errno).toBe('EBADF');
});

test('the way of iommufd', () => {
  give('01:00.0', '01:00.1');
  const said = done(
    'iommufd',
    'cdev 01:00.0',
    '! EINVAL regions',
    'bind-iommufd',
    'iommufd ioas',
    'iommufd map 2 0 64K',
    'attach 2',
    'dma 01:00.0 write 0x10000 hello',
    'peek 0 5',
    'iommufd ranges 2',
    'detach',
    'iommufd hwpt 1 2',
    'attach 3',
    '! EBUSY iommufd destroy 3',
    'regions',
    'hot-reset-info',
    'hot-reset',
    'iommufd unmap 2 all',
    'detach',
    'iommufd destroy 3',
    'close all',
  );
  expect(said[5]).toBe('mapped at 0x10000, 0 of 256 pages locked');
  expect(said[8]).toBe('"hello"');
  expect(run('iommufd ioas').errno).toBe('EBADF');
  done('iommufd');
  expect(run('iommufd destroy').status).toBe('wrong');
});

test('drivers are bound, overridden and taught', () => {
  done('unbind 01:00.1');
  expect(done('new_id vfio-pci 1234 be12')[0]).toMatch(/vfio-pci +01:00\.1 +new_id 1234:be12/);
  done('remove_id vfio-pci 1234 be12', '! ENODEV remove_id vfio-pci 1234 be12');
  expect(done('override 01:00.1 pci-stub', 'override 01:00.1')).toEqual([
    '01:00.1: vfio-pci, driver_override pci-stub',
    '01:00.1: vfio-pci',
  ]);
  done('! ENOENT new_id nvidia 10de 1eb8');
  expect(run('drivers').text).toContain('snd_hda_intel');
});

test('interrupts signal eventfds, and the host asks for its device by one', () => {
  give('01:00.0', '01:00.1');
  done('qemu -device vfio-pci,host=01:00.0');
  expect(done('eventfd 2 2', 'irq 2 trigger 1', 'events')).toEqual([
    'MSIX 0  0\nMSIX 1  0',
    'MSIX 0  0\nMSIX 1  1',
    'MSIX 0  0\nMSIX 1  0',
  ]);
  expect(run('irq 2 mask').errno).toBe('ENOTTY');
  done('eventfd 2 0', '! EINVAL irq 2 trigger', 'eventfd 4');
  done('! EBUSY unbind 01:00.0');
  expect(run('events').text).toBe('REQ 0  1');
  expect(run('eventfd 2 5000').errno).toBe('EINVAL');
});

test("edu's line masks itself, and triggers again while it asks for service", () => {
  give('04:00.0');
  done('qemu -device vfio-pci,host=04:00.0', 'eventfd 0', 'write 0 0x60 1');
  expect(run('events').text).toBe('INTX 0  1');
  expect(run('irq 0 unmask').text).toBe('INTX 0  1');
  done('write 0 0x64 1');
  expect(run('irq 0 unmask').text).toBe('INTX 0  0');
  expect(run('irqs').text).not.toContain('ERR');
});

test('a container tells what it can', () => {
  done('container');
  expect(run('api').text).toMatch(/^API version 0\nTYPE1_IOMMU +yes\n/);
  expect(run('api').text).toMatch(/^NOIOMMU_IOMMU +no$/m);
});

test('users are few, and their memory is whole pages', () => {
  expect(run('user big 2M').status).toBe('wrong');
  expect(run('user odd 100').status).toBe('wrong');
  for (let index = 0; index < 7; index++) {
    done(`user u${index}`);
  }
  expect(run('user more').status).toBe('wrong');
  done('user u0', 'kill u0', 'user more');
  expect(run('peek 0x100000').errno).toBe('EFAULT');
});

test('words are completed: commands first, then functions, drivers and users', () => {
  expect(lab.complete('ls')).toEqual(['lspci']);
  expect(lab.complete('! EPERM set-c')).toEqual(['set-container']);
  expect(lab.complete('driver 01:')).toEqual(['01:00.0', '01:00.1']);
  expect(lab.complete('bind vf')).toEqual(['vfio-pci']);
  expect(lab.complete('kill q')).toEqual(['qemu']);
});

test('help lists every command, and tells of one', () => {
  expect(run('help').text).toMatch(/^ {2}set-iommu \[TYPE\] +gives the container/m);
  expect(run('help map').text).toBe(
    "map VADDR IOVA BYTES [ACCESS]: maps the user's memory: access r, w or rw",
  );
  expect(run('help nothing').status).toBe('wrong');
});
