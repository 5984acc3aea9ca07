/** Whether a PLY file's body is what its header says, before it is handed to the loader. */
import { viewOf } from '@doorbell/abi';
import { InputError } from './input-error.ts';
import { type PlyElement, type PlyHeader, type PlyProperty, scalarBytes } from './ply-header.ts';

/** The most corners of a face: the loader leaves larger faces out. */
const MOST_CORNERS = 4;

/** @throws InputError; `name` is for its message. */
export function checkBody(name: string, header: PlyHeader, body: Uint8Array): void {
  const whole =
    header.format === 'ascii' ? walkText(name, header, body) : walkBytes(name, header, body);
  if (!whole) {
    throw new InputError(`${name} is cut short: its header announces more than the file holds.`);
  }
}

function checkCorners(
  name: string,
  element: PlyElement,
  { name: list }: PlyProperty,
  count: number,
): void {
  if (element.name === 'face' && list === 'vertex_indices' && count > MOST_CORNERS) {
    throw new InputError(
      `${name} has a face of ${count} corners; PLY faces of 3 and 4 corners are accepted: triangulate it.`,
    );
  }
}

/** One line for each element. */
function walkText(name: string, { elements }: PlyHeader, body: Uint8Array): boolean {
  const lines = new TextDecoder()
    .decode(body)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  let next = 0;
  for (const element of elements) {
    for (let i = 0; i < element.count; i++) {
      const values = lines[next++]?.split(/\s+/) ?? [];
      if (lengthOf(name, element, values) !== values.length) {
        return false;
      }
    }
  }
  return true;
}

/** How many values an element's line should have. */
function lengthOf(name: string, element: PlyElement, values: readonly string[]): number {
  let at = 0;
  for (const property of element.properties) {
    if (property.countType !== undefined) {
      const count = Number(values[at]);
      checkCorners(name, element, property, count);
      at += count;
    }
    at++;
  }
  return at;
}

function walkBytes(name: string, { format, elements }: PlyHeader, body: Uint8Array): boolean {
  const view = viewOf(body);
  let at = 0;
  for (const element of elements) {
    for (let i = 0; i < element.count && at <= body.length; i++) {
      for (const property of element.properties) {
        at = after(name, element, property, view, at, format === 'binary_little_endian');
      }
    }
  }
  return at <= body.length;
}

/** The offset behind a property; past the view's end when its list does not fit. */
function after(
  name: string,
  element: PlyElement,
  property: PlyProperty,
  view: DataView,
  at: number,
  little: boolean,
): number {
  const itemBytes = scalarBytes[property.type];
  if (property.countType === undefined) {
    return at + itemBytes;
  }
  const countBytes = scalarBytes[property.countType];
  if (at + countBytes > view.byteLength) {
    return Infinity;
  }
  const count = readCount(view, at, countBytes, little);
  checkCorners(name, element, property, count);
  return at + countBytes + count * itemBytes;
}

function readCount(view: DataView, at: number, bytes: number, little: boolean): number {
  return bytes === 1
    ? view.getUint8(at)
    : bytes === 2
      ? view.getUint16(at, little)
      : view.getUint32(at, little);
}
