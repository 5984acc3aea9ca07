/** The page's colours, as a canvas needs them: read from the custom properties of its style. */
import type { KindRow } from '../machine/contract.ts';

type Actor = KindRow['actor'];

export interface Colours {
  readonly ink: string;
  readonly paper: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly accent: string;
  readonly bad: string;
  readonly actors: Readonly<Record<Actor, string>>;
  /** As pixels of an image, by how opaque they are, from 0 to 255. */
  readonly shades: Readonly<Record<Actor | 'muted', Uint32Array>>;
  readonly font: string;
  /** Of the page's letters, in pixels. */
  readonly size: number;
}

export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim() || style.color;
  const actors = {
    app: read('app'),
    driver: read('driver'),
    hypervisor: read('hypervisor'),
    iommu: read('iommu'),
    device: read('device'),
  };
  const muted = read('muted');
  return {
    ...{ actors, muted, shades: shadesOf({ ...actors, muted }) },
    ink: read('ink'),
    paper: read('paper'),
    line: read('line'),
    panel: read('panel'),
    accent: read('accent'),
    bad: read('bad'),
    font: style.fontFamily,
    size: parseFloat(style.fontSize),
  };
}

/** Whatever way a colour is written, a canvas knows its pixel. */
function shadesOf<Name extends string>(
  colours: Readonly<Record<Name, string>>,
): Readonly<Record<Name, Uint32Array>> {
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  if (context === null) {
    throw new Error('This browser draws no canvas.');
  }
  const shades = (colour: string): Uint32Array => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    const bytes = new Uint8ClampedArray(4 * 256);
    for (let alpha = 0; alpha < 256; alpha++) {
      bytes.set([red, green, blue, alpha], 4 * alpha);
    }
    return new Uint32Array(bytes.buffer);
  };
  const entries = Object.entries<string>(colours).map(([name, colour]) => [name, shades(colour)]);
  return Object.fromEntries(entries) as Record<Name, Uint32Array>;
}

/** Calls when the page's theme changes. @returns what ends it */
export function watchTheme(changed: () => void): () => void {
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(changed);
  scheme.addEventListener('change', changed);
  observer.observe(document.documentElement, {
    attributeFilter: ['data-theme', 'data-present', 'class', 'style'],
  });
  return () => {
    scheme.removeEventListener('change', changed);
    observer.disconnect();
  };
}
