/** A command in words, from its bytes: `RESOURCE_CREATE_2D resource 3, 640x480 B8G8R8X8`. */
import {
  ctrlHeader,
  gpuCommandLayouts,
  type GpuCommandName,
  gpuCommands,
  gpuFlags,
  gpuFormats,
} from '@doorbell/abi';

const names = new Map<number, GpuCommandName>(
  Object.entries(gpuCommands).map(([name, type]) => [type, name as GpuCommandName]),
);
const formats = new Map<number, string>(
  Object.entries(gpuFormats).map(([name, format]) => [format, name.replace(/_UNORM$/, '')]),
);

/** Whatever the driver has sent: of what is unknown or cut off, as much as can be said. */
export function commandText(bytes: Uint8Array): string {
  if (bytes.length < ctrlHeader.size) {
    return `${bytes.length} bytes, less than a header`;
  }
  const header = ctrlHeader.decode(bytes);
  const name = names.get(header.type);
  if (name === undefined) {
    return `unknown type 0x${header.type.toString(16)}`;
  }
  const { size } = gpuCommandLayouts[name];
  if (bytes.length < size) {
    return `${name} cut off: ${bytes.length} bytes of ${size}`;
  }
  const parts = new Parts({ ctx_id: header.ctx_id, ...gpuCommandLayouts[name].decode(bytes) });
  const isFenced = (header.flags & gpuFlags.FENCE) !== 0;
  const phrases = [...parts.phrases(), ...(isFenced ? [`fence ${header.fence_id}`] : [])];
  return phrases.length === 0 ? name : `${name} ${phrases.join(', ')}`;
}

/** The fields of a command, or of a part of one, by name. */
class Parts {
  private readonly fields: ReadonlyMap<string, unknown>;

  constructor(decoded: object) {
    this.fields = new Map(Object.entries(decoded));
  }

  /** In the same order for all commands: what each is about first. */
  phrases(): readonly string[] {
    return [
      this.named('scanout', 'scanout_id', 'scanout'),
      this.context(),
      this.resource(),
      this.named('capset', 'capset_id', 'capset_index'),
      this.size(),
      this.rectangle('r'),
      this.box(),
      this.position(),
      this.count('nr_entries', 'entries'),
      this.count('size', 'bytes'),
      this.offset(),
    ].filter((phrase) => phrase !== undefined);
  }

  private value(name: string): number | bigint | undefined {
    const value = this.fields.get(name);
    return typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
  }

  private part(name: string): Parts | undefined {
    const value = this.fields.get(name);
    return typeof value === 'object' && value !== null ? new Parts(value) : undefined;
  }

  private named(word: string, ...fields: readonly string[]): string | undefined {
    const value = fields.map((field) => this.value(field)).find((each) => each !== undefined);
    return value === undefined ? undefined : `${word} ${value}`;
  }

  private count(field: string, noun: string): string | undefined {
    const value = this.value(field);
    return value === undefined ? undefined : `${value} ${noun}`;
  }

  /** 0 takes what was there away: a scanout is off, a cursor hidden. */
  private resource(): string | undefined {
    const id = this.value('resource_id');
    return id === 0 ? 'no resource' : this.named('resource', 'resource_id');
  }

  /** 2D commands have none. */
  private context(): string | undefined {
    const id = this.value('ctx_id');
    return id === undefined || id === 0 ? undefined : `context ${id}`;
  }

  private size(): string | undefined {
    const [width, height, format] = ['width', 'height', 'format'].map((name) => this.value(name));
    if (width === undefined) {
      return undefined;
    }
    const word = formats.get(Number(format)) ?? `format ${format}`;
    return `${width}x${height}${format === undefined ? '' : ` ${word}`}`;
  }

  private rectangle(name: string): string | undefined {
    const part = this.part(name);
    return part && `${part.size()} at ${part.value('x')},${part.value('y')}`;
  }

  private box(): string | undefined {
    const part = this.part('box');
    const [x, y, z, w, h, d] = ['x', 'y', 'z', 'w', 'h', 'd'].map((name) => part?.value(name));
    return part && `${w}x${h}x${d} at ${x},${y},${z}`;
  }

  private position(): string | undefined {
    const part = this.part('pos');
    return (
      part && `${part.named('scanout', 'scanout_id')}, at ${part.value('x')},${part.value('y')}`
    );
  }

  private offset(): string | undefined {
    const value = this.value('offset');
    return value === undefined ? undefined : `offset 0x${value.toString(16)}`;
  }
}
