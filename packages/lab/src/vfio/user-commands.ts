/** Users: who they are, what they have open, and how they end. */
import { formatBdf } from '@doorbell/abi';
import type { LabCommand, LabContext } from './command.ts';
import { address, columns, MisuseError, number } from './words.ts';

function users(lab: LabContext): string {
  return columns(
    lab.allUsers().map((user) => {
      const { lockedPages, lockLimit } = user.process;
      const files = user.list().map(([fd, { path }]) => `${fd}: ${path}`);
      return [
        `${user === lab.user ? '*' : ' '} ${user.name}`,
        `${lockedPages} of ${lockLimit} pages locked`,
        files.join(', ') || 'nothing open',
      ];
    }),
  );
}

function state(lab: LabContext): string {
  const { vfio } = lab.machine.host;
  const groups = vfio.list().map((group) => {
    const members = group.members.map(
      ({ name, driver, handles }) =>
        `${name} ${driver?.name ?? '-'}${handles > 0 ? ' (open)' : ''}`,
    );
    return [
      `group ${group.id}`,
      vfio.stateOf(group.id),
      group.owner ?? 'kernel',
      members.join(', '),
    ];
  });
  return `${columns(groups)}\n${users(lab)}`;
}

/** What QEMU does for `-device vfio-pci,host=01:00.0`, with all of the memory mapped from 0. */
function qemu({ machine, user }: LabContext, [flag, device]: readonly string[]): string {
  const host = /^vfio-pci,host=(?:0000:)?([0-9a-f:.]+)$/i.exec(device)?.[1];
  if (flag !== '-device' || host === undefined) {
    throw new MisuseError('It is used as: qemu -device vfio-pci,host=BDF');
  }
  const at = address(host);
  const { vfio } = machine.host;
  const id = vfio.drivers.member(at).group.id;
  const both = { read: true, write: true };
  const opened: number[] = [];
  try {
    const group = vfio.openGroup(id, user.process);
    opened.push(user.opened('group', `/dev/vfio/${id}`, group));
    const container = vfio.openContainer(user.process);
    opened.push(user.opened('container', '/dev/vfio/vfio', container));
    group.setContainer(container);
    container.setIommu('type1v2');
    container.map(0, 0, user.bytes, both);
    opened.push(user.opened('device', formatBdf(at), group.device(at)));
  } catch (error) {
    opened.reverse().forEach((fd) => user.close(fd));
    throw error;
  }
  return `${user.name} has ${formatBdf(at)}, with ${user.process.lockedPages} pages locked`;
}

export const userCommands: readonly LabCommand[] = [
  { name: 'state', usage: '', doc: 'shows groups and users', run: state },
  { name: 'users', usage: '', doc: 'lists the users, and what they have open', run: users },
  {
    name: 'user',
    usage: 'NAME [BYTES] [LOCKED-PAGES]',
    doc: 'goes on as another user, with so much memory and RLIMIT_MEMLOCK',
    run: (lab, [name, bytes, pages]) => {
      lab.switchUser(
        name,
        bytes === undefined ? undefined : number(bytes),
        pages === undefined ? undefined : number(pages),
      );
      return users(lab);
    },
  },
  {
    name: 'qemu',
    usage: '-device vfio-pci,host=BDF',
    doc: 'does all that QEMU does to have a device',
    run: qemu,
  },
  {
    name: 'poke',
    usage: 'VADDR TEXT',
    doc: "writes into the user's memory",
    run: ({ user }, [vaddr, text]) => {
      user.write(number(vaddr), new TextEncoder().encode(text));
      return '';
    },
  },
  {
    name: 'peek',
    usage: 'VADDR [BYTES]',
    doc: "prints some of the user's memory",
    run: ({ user }, [vaddr, bytes]) => {
      const seen = user.memory(number(vaddr), Math.min(64, number(bytes ?? '8')));
      return `"${String.fromCharCode(...seen).replace(/[^\x20-\x7e]/g, '.')}"`;
    },
  },
  {
    name: 'close',
    usage: 'FD|all',
    doc: 'closes a file',
    run: ({ user }, [fd]) => {
      const fds = fd === 'all' ? user.list().map(([each]) => each) : [number(fd)];
      return fds.map((each) => `${each}: ${user.close(each)} is closed`).join('\n');
    },
  },
  {
    name: 'kill',
    usage: 'USER',
    doc: 'ends a user: the kernel closes all it has open',
    run: (lab, [name]) => {
      lab.kill(name);
      return state(lab);
    },
  },
];
