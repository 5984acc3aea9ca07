/**
 * Stacks by name, with their options, and the text that names them:
 * `native,passthrough:posted-interrupts=on,emulated:vram=trap`.
 */
import { TOTAL_VFS } from '@doorbell/abi';
import { mdevTypes, schedulers } from '@doorbell/hypervisor';
import { InputError } from './input-error.ts';
import { OWN } from './own-parts.ts';

export interface StackOption {
  /** What it may be, if that is a list. */
  readonly values: readonly string[];
  /** Or a whole number from `least` to `most`. */
  readonly range?: { readonly least: number; readonly most: number };
  readonly default: string;
  /** Whether it may be `own` too: a part that somebody else wrote. */
  readonly own?: true;
  /** One sentence. */
  readonly doc: string;
  /** The bare flag's name, where it is not the option's own. */
  readonly flag?: string;
  /** What a value asks of another option: one of these values, the first where it is left out. */
  readonly needs?: Readonly<
    Record<string, Readonly<Record<string, readonly [string, ...string[]]>>>
  >;
}

/** All that it may be, where that is a list. */
export function optionChoices({ values, own }: StackOption): readonly string[] {
  return own === true ? [...values, OWN] : values;
}

/** `split|packed`, or `1..64`. */
export function optionValues(option: StackOption): string {
  const { range } = option;
  return range === undefined ? optionChoices(option).join('|') : `${range.least}..${range.most}`;
}

function allows(option: StackOption, value: string): boolean {
  const { range } = option;
  if (range === undefined) {
    return optionChoices(option).includes(value);
  }
  return /^\d{1,9}$/.test(value) && Number(value) >= range.least && Number(value) <= range.most;
}

export interface StackKind {
  readonly name: string;
  /** The field's term for it. */
  readonly term: string;
  readonly doc: string;
  /** The package of its driver. */
  readonly driver: string;
  readonly options: Readonly<Record<string, StackOption>>;
}

/** A stack that was asked for, its options complete. */
export interface StackSpec {
  readonly id: string;
  readonly kind: StackKind;
  readonly options: Readonly<Record<string, string>>;
}

const iommu = (values: readonly string[], fallback: string, doc: string): StackOption => ({
  values,
  own: true,
  default: fallback,
  doc,
});

/** Of a virtqueue, and how each side learns of what is in it. */
const virtqueueOptions: Readonly<Record<string, StackOption>> = {
  ring: {
    values: ['split', 'packed'],
    default: 'split',
    doc: "The virtqueue's layout (VIRTIO 1.3 §2.7, §2.8).",
  },
  notify: {
    values: ['event-idx', 'interrupt', 'poll'],
    default: 'event-idx',
    doc: 'How each side learns of work: when an index passes the one it named, by a flag, or by looking again and again.',
  },
  batch: {
    values: [],
    range: { least: 1, most: 64 },
    default: '1',
    doc: 'Commands that the driver collects before it publishes them.',
  },
  ioeventfd: {
    values: ['on', 'off'],
    default: 'on',
    doc: 'The kernel wakes the backend on a notification; off: the device model is entered.',
  },
};

const postedInterrupts: StackOption = {
  values: ['off', 'on'],
  default: 'off',
  doc: 'The hardware posts interrupts to the running guest, without exits.',
};

/** How guests share the GPU. Every stack has them; they matter once there are several guests. */
export const sharingOptions: Readonly<Record<string, StackOption>> = {
  scheduler: {
    values: [...schedulers.keys()],
    own: true,
    default: 'round-robin',
    doc: 'Who has the GPU next, of several guests.',
  },
  timeslice: {
    values: [],
    range: { least: 0, most: 1_000_000 },
    default: '0',
    doc: 'A turn of a guest, in microseconds; 0: as the scheduler has it.',
  },
  preempt: {
    values: ['off', 'on'],
    default: 'off',
    doc: 'Whether a long draw is stopped behind a batch of triangles when its turn is over.',
  },
};

const iotlb: StackOption = {
  values: [],
  range: { least: 1, most: 65536 },
  default: '64',
  doc: 'Translations that the IOTLB of the host holds.',
};

/** Of guests whose own driver is given a physical function. */
const assignedOptions: Readonly<Record<string, StackOption>> = {
  'posted-interrupts': postedInterrupts,
  iotlb,
  'iommu-pages': {
    values: ['large', '4k'],
    default: 'large',
    doc: 'Pages of the mappings that VFIO makes: as large as fits, or all of 4 KiB (disable_hugepages of vfio_iommu_type1).',
  },
  viommu: {
    values: ['off', 'strict', 'deferred'],
    own: true,
    default: 'off',
    doc: "The guest's DMA API over an IOMMU of its own: what it maps is shadowed, and pinned, as it maps it.",
  },
};

const kinds: readonly StackKind[] = [
  {
    name: 'native',
    term: 'bare metal',
    doc: 'No virtual machine: the driver reaches the GPU directly.',
    driver: 'guest-driver',
    options: {
      iommu: iommu(
        ['off', 'strict', 'deferred'],
        'strict',
        "The host's DMA API: no translation, or when unmapped addresses are invalidated.",
      ),
      iotlb,
    },
  },
  {
    name: 'passthrough',
    term: 'device assignment with VFIO',
    doc: 'The GPU belongs to the guest: its BARs are mapped, its DMA goes through the IOMMU.',
    driver: 'guest-driver',
    options: {
      iommu: iommu(
        ['strict', 'deferred'],
        'strict',
        "The host's DMA API; the guest's memory is mapped throughout. Off is refused.",
      ),
      ...assignedOptions,
    },
  },
  {
    name: 'sriov',
    term: 'hardware-assisted virtualization',
    doc: "The guest has a virtual function of the host's GPU, as with passthrough: BARs, channels, a share of VRAM. The hardware arbitrates.",
    driver: 'guest-driver',
    options: {
      iommu: iommu(
        ['strict', 'deferred'],
        'strict',
        "The host's DMA API; the guest's memory is mapped throughout. Off is refused.",
      ),
      ...assignedOptions,
      vfs: {
        values: [],
        range: { least: 1, most: TOTAL_VFS },
        default: '4',
        doc: 'Virtual functions that are enabled: they and the host get equal shares.',
      },
    },
  },
  {
    name: 'mdev',
    term: 'mediated passthrough (VFIO-mdev)',
    doc: "The guest has a share of the host's GPU: its registers and doorbells trap, its page tables are shadowed, its commands are read before they run.",
    driver: 'guest-driver',
    options: {
      iommu: iommu(
        ['strict', 'deferred'],
        'strict',
        "The host's DMA API, which maps the guest's pages as they are pinned. Off is refused.",
      ),
      'posted-interrupts': {
        values: ['off', 'on'],
        default: 'off',
        doc: 'The hardware posts interrupts to the running guest, without exits.',
      },
      'bar-remap': {
        values: ['on', 'off'],
        default: 'on',
        doc: 'Whether the VRAM aperture is mapped into the guest or traps too.',
      },
      shadow: {
        values: ['lazy', 'strict'],
        own: true,
        default: 'lazy',
        doc: 'When shadow page tables follow: at flush and submission, or at each store, which traps.',
      },
      type: {
        values: mdevTypes.map(({ name }) => name),
        default: 'bell-4',
        doc: 'Which share of the GPU: the number is how many of them there can be.',
      },
    },
  },
  {
    name: 'emulated',
    term: 'full virtualization',
    doc: 'A device model in software: every access to a register is an exit.',
    driver: 'guest-driver',
    options: {
      vram: {
        values: ['map', 'trap'],
        default: 'map',
        doc: 'Whether the VRAM aperture is mapped into the guest or traps too.',
      },
    },
  },
  {
    name: 'pv',
    term: 'paravirtualization',
    doc: 'The driver knows that it is a guest: requests on a shared-memory virtqueue; a backend checks each and uses the GPU of the host.',
    driver: 'pv-frontend',
    options: {
      ...virtqueueOptions,
      renderer: {
        values: ['host', 'software', 'null', 'webgpu'],
        own: true,
        default: 'host',
        doc: "What draws for the backend: the host's GPU, its CPU, nothing at all, or a real GPU through WebGPU, in the wall's time (transport=worker or websocket).",
        // A real GPU takes real time.
        needs: {
          webgpu: { transport: ['worker', 'websocket'] },
          own: { transport: ['inline', OWN] },
        },
      },
      transport: {
        values: ['inline', 'worker', 'websocket'],
        own: true,
        default: 'inline',
        flag: 'pv-transport',
        doc: 'Where the backend is: on the same virtual machine, in a thread, or behind a socket. Time is virtual only inline; own: inline, through a transport of your own.',
      },
    },
  },
  {
    name: 'pv-assisted',
    term: 'hardware-assisted paravirtualization',
    doc: "The driver asks for memory and a channel by requests on a virtqueue, and submits straight to the channel's doorbell page; the host owns the GPU's page tables.",
    driver: 'pv-frontend',
    options: { ...virtqueueOptions, 'posted-interrupts': postedInterrupts },
  },
];

/** The stacks that exist, by name, in the order of the default comparison. */
export const stackKinds: ReadonlyMap<string, StackKind> = new Map(
  kinds.map((kind) => [kind.name, { ...kind, options: { ...kind.options, ...sharingOptions } }]),
);

/** The GPU works for a guest on the guest's own memory. */
const needIommu = ['passthrough', 'sriov', 'mdev'];

function checkOption(kind: StackKind, name: string, value: string): void {
  const option = kind.options[name];
  if (option === undefined) {
    const known = Object.keys(kind.options).join(', ');
    throw new InputError(`'${kind.name}' has no option '${name}'; it has ${known}.`);
  }
  if (needIommu.includes(kind.name) && name === 'iommu' && value === 'off') {
    throw new InputError(
      `'${kind.name}' needs the IOMMU: without it an assigned GPU could read and write all of the host's memory. Use iommu=strict or deferred; to see what it costs, give --stacks native,native:iommu=off.`,
    );
  }
  if (!allows(option, value)) {
    throw new InputError(
      option.range === undefined
        ? `'${name}=${value}' of '${kind.name}': '${value}' is not one of ${optionChoices(option).join(', ')}.`
        : `'${name}=${value}' of '${kind.name}': '${value}' is not a whole number from ${option.range.least} to ${option.range.most}.`,
    );
  }
}

/** What each option is if it is left out: its default, or what another one needs. @throws InputError */
function defaultsOf(
  kind: StackKind,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const defaults = Object.fromEntries(
    Object.entries(kind.options).map(([option, row]) => [option, row.default]),
  );
  for (const [option, value] of Object.entries(given)) {
    for (const [other, allowed] of Object.entries(kind.options[option].needs?.[value] ?? {})) {
      const chosen = given[other] ?? allowed[0];
      if (!allowed.includes(chosen)) {
        throw new InputError(
          `'${option}=${value}' of '${kind.name}' needs ${other}=${allowed.join(' or ')}, not ${chosen}.`,
        );
      }
      defaults[other] = allowed[0];
    }
  }
  return defaults;
}

/** A stack with options; what is left out has its default. @throws InputError */
export function stackSpec(name: string, given: Readonly<Record<string, string>> = {}): StackSpec {
  const kind = stackKinds.get(name);
  if (kind === undefined) {
    throw new InputError(
      `There is no stack '${name}'; there is ${[...stackKinds.keys()].join(', ')}.`,
    );
  }
  for (const [option, value] of Object.entries(given)) {
    checkOption(kind, option, value);
  }
  const defaults = defaultsOf(kind, given);
  const options = { ...defaults, ...given };
  const changed = Object.entries(options).filter(([option, value]) => value !== defaults[option]);
  const id = [name, ...changed.map(([option, value]) => `${option}=${value}`)].join(':');
  return { id, kind, options };
}

/**
 * Reads a list such as `native,emulated:vram=trap`. `shared` options go to every stack that has
 * them; a stack's own options win. @throws InputError, also for an empty list, for a shared
 * option that no stack has, and for a stack named twice.
 */
export function parseStacks(
  text: string,
  shared: Readonly<Record<string, string>> = {},
): readonly StackSpec[] {
  if (text.trim() === '') {
    const known = [...stackKinds.keys()].join(', ');
    throw new InputError(`The list of stacks is empty; there is ${known}.`);
  }
  const specs = text.split(',').map((part) => {
    const [name = '', ...rest] = part.trim().split(':');
    const own = Object.fromEntries(rest.map(parseOption));
    const kind = stackKinds.get(name);
    const fitting = Object.entries(shared).filter(
      ([option]) => kind?.options[option] !== undefined,
    );
    return stackSpec(name, { ...Object.fromEntries(fitting), ...own });
  });
  for (const option of Object.keys(shared)) {
    if (!specs.some((spec) => option in spec.kind.options)) {
      throw new InputError(`None of the stacks has the option '${option}'.`);
    }
  }
  const ids = specs.map((spec) => spec.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new InputError(`The stack '${twice}' is there twice.`);
  }
  return specs;
}

function parseOption(text: string): [string, string] {
  const [option = '', value, ...more] = text.split('=');
  if (option === '' || value === undefined || value === '' || more.length > 0) {
    throw new InputError(`'${text}' is not an option: write option=value.`);
  }
  return [option, value];
}

/** Of a backend that is on no machine in virtual time: the option that says so, and what to do about it. */
export interface Elsewhere {
  readonly because: string;
  readonly mend: string;
}

/** Undefined: everything is on one machine. */
export function elsewhere({ options }: Pick<StackSpec, 'options'>): Elsewhere | undefined {
  const { transport = 'inline', renderer } = options;
  if (transport === 'inline' || transport === OWN) {
    return undefined;
  }
  return renderer === 'webgpu'
    ? { because: 'renderer=webgpu', mend: 'choose another renderer' }
    : { because: `pv-transport=${transport}`, mend: 'leave it inline' };
}
