/** A user with a container: groups go in, memory is mapped (type1). */
import { PAGE_BYTES } from '@doorbell/abi';
import { vfioExtensions } from '@doorbell/hypervisor';
import type { LabCommand, LabContext } from './command.ts';
import { access, columns, hex, number, oneOf } from './words.ts';

const MOST_BITMAP_PAGES = 4096;

function optional(text: string | undefined): number | undefined {
  return text === undefined ? undefined : number(text);
}

function info({ user }: LabContext): string {
  const { pageSizes, iovaRanges, dmaAvail } = user.file('container').info();
  return [
    `page sizes: ${pageSizes.map(hex).join(' ')}`,
    `IOVA ranges: ${iovaRanges.map(({ start, end }) => `${hex(start)}-${hex(end)}`).join(' ') || 'any'}`,
    `mappings left: ${dmaAvail}`,
  ].join('\n');
}

function locked({ user }: LabContext): string {
  const { lockedPages, lockLimit } = user.process;
  return `${lockedPages} of ${lockLimit} pages locked`;
}

/** Pages that are dirty in a range, by IOVA. */
function dirtyPages(
  { user }: LabContext,
  from: string | undefined,
  length: string | undefined,
): string {
  const iova = number(from ?? '0');
  const bytes = number(length ?? '1M');
  const bitmap = new Uint8Array(Math.min(MOST_BITMAP_PAGES, Math.ceil(bytes / PAGE_BYTES)) / 8 + 1);
  user.file('container').dirtyPages(iova, bytes, bitmap);
  const dirty: string[] = [];
  for (let page = 0; page < bytes / PAGE_BYTES; page++) {
    if ((bitmap[page >> 3] & (1 << (page & 7))) !== 0) {
      dirty.push(hex(iova + page * PAGE_BYTES));
    }
  }
  return dirty.length === 0 ? 'no page is dirty' : `dirty: ${dirty.join(' ')}`;
}

function dirty(lab: LabContext, [what, iova, bytes]: readonly string[]): string {
  const container = lab.user.file('container');
  switch (oneOf(what, ['start', 'stop', 'get'])) {
    case 'start':
      container.startDirtyTracking();
      return 'dirty pages are tracked';
    case 'stop':
      container.stopDirtyTracking();
      return 'dirty pages are no longer tracked';
    case 'get':
      return dirtyPages(lab, iova, bytes);
  }
}

export const containerCommands: readonly LabCommand[] = [
  {
    name: 'container',
    usage: '',
    doc: 'opens /dev/vfio/vfio',
    run: ({ machine, user }) => {
      const file = machine.host.vfio.openContainer(user.process);
      return `${user.opened('container', '/dev/vfio/vfio', file)}: /dev/vfio/vfio`;
    },
  },
  {
    name: 'group',
    usage: 'N',
    doc: 'opens /dev/vfio/N',
    run: ({ machine, user }, [text]) => {
      const id = number(text);
      const file = machine.host.vfio.openGroup(id, user.process);
      const path = `/dev/vfio/${id}`;
      const viable = file.isViable ? 'viable' : 'not viable';
      return `${user.opened('group', path, file)}: ${path}, ${viable}`;
    },
  },
  {
    name: 'set-container',
    usage: '[GROUP-FD] [CONTAINER-FD]',
    doc: 'puts a group into a container',
    run: ({ user }, [group, container]) => {
      const file = user.file('group', optional(group));
      file.setContainer(user.file('container', optional(container)));
      return `the group is ${file.state}`;
    },
  },
  {
    name: 'unset-container',
    usage: '[GROUP-FD]',
    doc: 'takes it out again',
    run: ({ user }, [group]) => {
      const file = user.file('group', optional(group));
      file.unsetContainer();
      return `the group is ${file.state}`;
    },
  },
  {
    name: 'set-iommu',
    usage: '[TYPE]',
    doc: 'gives the container its IOMMU: type1v2, or type1',
    run: (lab, [type]) => {
      lab.user.file('container').setIommu(type ?? 'type1v2');
      return info(lab);
    },
  },
  {
    name: 'api',
    usage: '',
    doc: 'what VFIO_GET_API_VERSION and VFIO_CHECK_EXTENSION tell',
    run: ({ user }) => {
      const file = user.file('container');
      const extensions = Object.entries(vfioExtensions).map(
        ([name, { number: id }]) => [name, file.checkExtension(id) ? 'yes' : 'no'] as const,
      );
      return `API version ${file.apiVersion()}\n${columns(extensions)}`;
    },
  },
  { name: 'iommu-info', usage: '', doc: 'what VFIO_IOMMU_GET_INFO tells', run: info },
  {
    name: 'map',
    usage: 'VADDR IOVA BYTES [ACCESS]',
    doc: "maps the user's memory: access r, w or rw",
    run: (lab, [vaddr, iova, bytes, how]) => {
      const file = lab.user.file('container');
      file.map(number(vaddr), number(iova), number(bytes), access(how ?? 'rw'));
      return locked(lab);
    },
  },
  {
    name: 'unmap',
    usage: 'IOVA|all [BYTES]',
    doc: 'unmaps whole mappings',
    run: (lab, [iova, bytes]) => {
      const file = lab.user.file('container');
      const unmapped =
        iova === 'all' ? file.unmapAll() : file.unmap(number(iova), number(bytes ?? '4K'));
      return `${unmapped} bytes unmapped, ${locked(lab)}`;
    },
  },
  {
    name: 'dirty',
    usage: 'start|stop|get [IOVA] [BYTES]',
    doc: 'tracks what devices have written',
    run: dirty,
  },
];
