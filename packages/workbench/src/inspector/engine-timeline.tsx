/** Who had a GPU's engines and who waited, over the part of the run that the timeline shows. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { go, seen } from '../session/index.ts';
import { readColours, watchTheme, type Colours } from '../timeline/colours.ts';
import { boundsOf } from '../timeline/view.ts';
import { drawEngines, placeAt, sizesOf, type EnginePicture } from './engine-chart.ts';
import {
  doingTexts,
  stretchAt,
  stretchBeside,
  stretchText,
  type EngineRow,
  type FoundStretch,
} from './engine-rows.ts';

interface Props {
  readonly side: number;
  readonly rows: readonly EngineRow[];
  /** Of the timeline's axis. */
  readonly now: number | undefined;
  readonly turn: EnginePicture['turn'];
}

/** In the order in which they are told: the most first. */
const told = ['ran', 'kept', 'behind', 'heldBack'] as const;

export function EngineTimelineChart({ side, rows, now, turn }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [found, setFound] = useState<FoundStretch>();
  const { colours, width } = useLook(canvas);
  const view = seen.value ?? boundsOf(0, 1);
  const picture = useMemo(
    () => colours && { ...{ rows, view, colours, width, now, turn, found } },
    [rows, view, colours, width, now, turn, found],
  );
  useEffect(() => setFound(undefined), [rows]);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current !== null && context && picture !== undefined) {
      canvas.current.width = Math.round(width * devicePixelRatio);
      canvas.current.height = Math.round(sizesOf(picture).height * devicePixelRatio);
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      drawEngines(context, picture);
    }
  }, [picture]);

  const at = ({ offsetX, offsetY }: MouseEvent): FoundStretch | undefined => {
    if (picture === undefined || rows.length === 0) {
      return undefined;
    }
    const { row, time, slack } = placeAt(picture, offsetX, offsetY);
    return stretchAt(rows[row], time, slack);
  };
  const open = (one: FoundStretch | undefined): void => {
    if (one !== undefined && one.event > 0) {
      void go(side, one.event);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const next = keyed(rows, found, now ?? view.from, event.key);
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key === 'Enter') {
      open(found);
    } else if (next !== undefined) {
      event.preventDefault();
      setFound(next);
    }
  };
  return (
    <div class="engines">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label="Who had the engines: arrows go from one stretch to the next, and from tenant to tenant; Enter goes to its event"
        style={picture && { height: `${sizesOf(picture).height}px` }}
        onPointerMove={(event) => setFound(at(event))}
        onPointerLeave={() => setFound(undefined)}
        onClick={(event) => open(at(event))}
        onKeyDown={onKey}
      />
      <p class="found" role="status">
        {found === undefined ? <Legend /> : stretchText(found)}
      </p>
    </div>
  );
}

function Legend() {
  return (
    <>
      {told.map((doing) => (
        <span key={doing} class={`doing ${doing}`}>
          {doingTexts[doing]}
        </span>
      ))}
      <span class="doing turn">turn now</span>
    </>
  );
}

/** Where a key leads from what is found, or from where one stands; undefined: nowhere. */
function keyed(
  rows: readonly EngineRow[],
  found: FoundStretch | undefined,
  now: number,
  key: string,
): FoundStretch | undefined {
  const at = Math.max(
    0,
    rows.findIndex(({ tenant }) => tenant === found?.tenant),
  );
  const time = found?.from ?? now;
  const row = (place: number) => rows.at(Math.min(Math.max(place, 0), rows.length - 1));
  const near = (of: EngineRow | undefined) =>
    of &&
    (stretchAt(of, time, 0) ??
      stretchBeside(of, time, 'later') ??
      stretchBeside(of, time, 'earlier'));
  switch (key) {
    case 'ArrowRight':
    case 'ArrowLeft': {
      const own = row(at);
      return own && stretchBeside(own, time, key === 'ArrowRight' ? 'later' : 'earlier');
    }
    case 'ArrowDown':
      return near(row(at + (found === undefined ? 0 : 1)));
    case 'ArrowUp':
      return near(row(at - 1));
    default:
      return undefined;
  }
}

/** The page's colours, and how wide the canvas is, as they change. */
function useLook(canvas: { readonly current: HTMLCanvasElement | null }): {
  readonly colours: Colours | undefined;
  readonly width: number;
} {
  const [look, setLook] = useState<{ colours: Colours; width: number }>();
  useEffect(() => {
    const element = canvas.current;
    if (element === null) {
      return undefined;
    }
    const read = (): void => {
      setLook({ colours: readColours(element), width: element.clientWidth });
    };
    const sizes = new ResizeObserver(read);
    sizes.observe(element);
    const unwatch = watchTheme(read);
    return () => {
      sizes.disconnect();
      unwatch();
    };
  }, []);
  return { colours: look?.colours, width: look?.width ?? 0 };
}
