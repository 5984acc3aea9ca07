/** A user with an iommufd: IOASes, page tables, and the devices' own files. */
import { formatBdf } from '@doorbell/abi';
import type { Iommufd } from '@doorbell/hypervisor';
import type { LabCommand, LabContext } from './command.ts';
import { access, address, hex, MisuseError, number, oneOf } from './words.ts';

type Action = (iommufd: Iommufd, args: readonly string[], lab: LabContext) => string;

function need(args: readonly string[], count: number, usage: string): void {
  if (args.length < count) {
    throw new MisuseError(`It is used as: iommufd ${usage}`);
  }
}

function locked({ user }: LabContext): string {
  return `${user.process.lockedPages} of ${user.process.lockLimit} pages locked`;
}

const actions: Readonly<Record<string, Action>> = {
  ioas: (iommufd) => `IOAS ${iommufd.ioasAlloc()}`,
  map: (iommufd, args, lab) => {
    need(args, 3, 'map IOAS VADDR BYTES [IOVA] [ACCESS]');
    const [ioas, vaddr, bytes, iova, how] = args;
    const at = iommufd.ioasMap(
      number(ioas),
      number(vaddr),
      number(bytes),
      access(how ?? 'rw'),
      iova === undefined ? undefined : number(iova),
    );
    return `mapped at ${hex(at)}, ${locked(lab)}`;
  },
  unmap: (iommufd, args, lab) => {
    need(args, 2, 'unmap IOAS IOVA|all [BYTES]');
    const [ioas, iova, bytes] = args;
    const unmapped =
      iova === 'all'
        ? iommufd.ioasUnmapAll(number(ioas))
        : iommufd.ioasUnmap(number(ioas), number(iova), number(bytes ?? '4K'));
    return `${unmapped} bytes unmapped, ${locked(lab)}`;
  },
  ranges: (iommufd, args) => {
    need(args, 1, 'ranges IOAS');
    const ranges = iommufd.iovaRanges(number(args[0]));
    return ranges.map(({ start, end }) => `${hex(start)}-${hex(end)}`).join('\n');
  },
  hwpt: (iommufd, args) => {
    need(args, 2, 'hwpt DEVICE IOAS');
    return `page table ${iommufd.hwptAlloc(number(args[0]), number(args[1]))}`;
  },
  destroy: (iommufd, args) => {
    need(args, 1, 'destroy ID');
    iommufd.destroy(number(args[0]));
    return '';
  },
};

function iommufd(lab: LabContext, [what, ...args]: readonly string[]): string {
  const { machine, user } = lab;
  if (what === undefined) {
    const file = machine.host.vfio.openIommufd(user.process);
    return `${user.opened('iommufd', '/dev/iommu', file)}: /dev/iommu`;
  }
  return actions[oneOf(what, Object.keys(actions))](user.file('iommufd'), args, lab);
}

export const iommufdCommands: readonly LabCommand[] = [
  {
    name: 'iommufd',
    usage: '[WHAT…]',
    doc: `opens /dev/iommu; or does there: ${Object.keys(actions).join(', ')}`,
    run: iommufd,
  },
  {
    name: 'cdev',
    usage: 'BDF',
    doc: "opens a device's own file, /dev/vfio/devices/…",
    run: ({ machine, user }, [at]) => {
      const bdf = address(at);
      const path = `/dev/vfio/devices/${formatBdf(bdf)}`;
      return `${user.opened('cdev', path, machine.host.vfio.openDeviceFile(bdf))}: ${path}`;
    },
  },
  {
    name: 'bind-iommufd',
    usage: '[CDEV-FD] [IOMMUFD-FD]',
    doc: 'binds such a device to an iommufd',
    run: ({ user }, [cdev, fd]) => {
      const file = user.file('cdev', cdev === undefined ? undefined : number(cdev));
      const context = user.file('iommufd', fd === undefined ? undefined : number(fd));
      return `device ${file.bind(context)}`;
    },
  },
  {
    name: 'attach',
    usage: 'ID [CDEV-FD]',
    doc: 'attaches it to an IOAS or a page table',
    run: ({ user }, [id, cdev]) => {
      const file = user.file('cdev', cdev === undefined ? undefined : number(cdev));
      return `page table ${file.attach(number(id))}`;
    },
  },
  {
    name: 'detach',
    usage: '[CDEV-FD]',
    doc: 'detaches it: its DMA reaches nothing',
    run: ({ user }, [cdev]) => {
      user.file('cdev', cdev === undefined ? undefined : number(cdev)).detach();
      return '';
    },
  },
];
