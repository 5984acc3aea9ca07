/** The page's colours, as a canvas needs them: read from the custom properties of its style. */
import type { KindRow } from '../machine/contract.ts';

export interface Colours {
  readonly ink: string;
  readonly paper: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly accent: string;
  readonly actors: Readonly<Record<KindRow['actor'], string>>;
  readonly font: string;
  /** Of the page's letters, in pixels. */
  readonly size: number;
}

export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim() || style.color;
  return {
    ink: read('ink'),
    paper: read('paper'),
    muted: read('muted'),
    line: read('line'),
    panel: read('panel'),
    accent: read('accent'),
    actors: {
      app: read('app'),
      driver: read('driver'),
      hypervisor: read('hypervisor'),
      iommu: read('iommu'),
      device: read('device'),
    },
    font: style.fontFamily,
    size: parseFloat(style.fontSize),
  };
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
