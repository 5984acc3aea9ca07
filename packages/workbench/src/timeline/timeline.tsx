/** Both runs along one axis of virtual time, from the whole of them to a single access. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Catalogue, Side, Standing } from '../machine/contract.ts';
import { Chart } from './chart.ts';
import { listen, type Pointed } from './gestures.ts';
import { summaryOf } from './summary.ts';
import './timeline.css';
import { Toolbar } from './toolbar.tsx';
import { Tooltip } from './tooltip.tsx';
import { timeOf } from './track.ts';
import type { View } from './view.ts';

interface Props {
  readonly sides: readonly Side[];
  readonly kinds: Catalogue['kinds'];
  readonly standing: Standing | undefined;
  readonly onGo: (side: number, event: number) => void;
  readonly onLook: (view: View) => void;
}

export function Timeline({ sides, kinds, standing, onGo, onLook }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const room = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | undefined>(undefined);
  const go = useRef(onGo);
  go.current = onGo;
  const [pointed, setPointed] = useState<Pointed>();
  const [isWithSetUp, setWithSetUp] = useState(false);
  const tracks = useMemo(() => sides.map(({ track }) => track), [sides]);
  const summary = useMemo(() => summaryOf(tracks, standing), [tracks, standing]);

  useEffect(() => {
    if (canvas.current === null || room.current === null || box.current === null) {
      return undefined;
    }
    const place = { canvas: canvas.current, room: room.current, box: box.current };
    const made = new Chart(place, { onSetUp: setWithSetUp, onLook });
    chart.current = made;
    const unlisten = listen(place.canvas, made, {
      onPoint: setPointed,
      onGo: (side, event) => go.current(side, event),
    });
    return () => {
      unlisten();
      made.close();
    };
  }, []);
  useEffect(() => {
    setPointed(undefined);
    chart.current?.show(tracks, kinds);
  }, [tracks, kinds]);
  useEffect(() => chart.current?.stand(standing), [tracks, standing]);

  // What was pointed at may be of a recording that is gone.
  const track = pointed && tracks[pointed.hit.track];
  const isThere = track !== undefined && timeOf(track, pointed?.hit.id ?? 0) !== undefined;
  return (
    <section class="timeline" aria-label="Timeline">
      <Toolbar chart={() => chart.current} isWithSetUp={isWithSetUp} />
      <div class="plot" ref={box}>
        <div ref={room}>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="application"
            aria-label="Timeline: arrows pan, + and - zoom, 0 fits, Home and End, s shows the set-up"
            aria-describedby="timeline-summary"
          />
        </div>
      </div>
      {pointed !== undefined && isThere && <Tooltip {...{ tracks, kinds, pointed }} />}
      <p id="timeline-summary" class="hidden">
        {summary}
      </p>
    </section>
  );
}
