/** The mouse, the wheel and the keys of the timeline. */
import type { Chart } from './chart.ts';
import { Clicks } from './clicks.ts';
import type { Hit } from './hit.ts';
import type { View } from './view.ts';

export interface Pointed {
  readonly hit: Hit;
  /** In the window. */
  readonly x: number;
  readonly y: number;
}

interface Heard {
  onPoint(pointed: Pointed | undefined): void;
  onGo(track: number, event: number): void;
}

/** Where the pointer went down, and what was seen then. */
interface Pressed {
  readonly x: number;
  readonly y: number;
  readonly view: View;
  readonly scrolled: number;
  readonly isOverview: boolean;
}

/** A press that moves less, in pixels, is a click. */
const DRAG = 4;
/** The pointer is at an event that is this close, in pixels. */
const NEAR = 12;
const ZOOM = 1.6;
const PAN = 0.15;
const LINE = 16;

/** @returns what ends it */
export function listen(canvas: HTMLCanvasElement, chart: Chart, heard: Heard): () => void {
  let pressed: Pressed | undefined;
  let isDragged = false;
  const clicks = new Clicks<Hit | undefined>({
    onClick: (hit) => {
      if (hit !== undefined) {
        heard.onGo(hit.track, hit.id);
      }
    },
    onDouble: () => chart.fit(),
  });

  const point = ({ offsetX, offsetY, clientX: x, clientY: y }: PointerEvent): void => {
    const hit = chart.hitAt(offsetX, offsetY);
    const near = hit !== undefined && hit.distance <= NEAR ? hit : undefined;
    chart.point(near);
    heard.onPoint(near && { hit: near, x, y });
  };
  const leave = (): void => {
    chart.point(undefined);
    heard.onPoint(undefined);
  };

  const listeners = {
    pointerdown: (event: PointerEvent) => {
      if (event.button !== 0) {
        return;
      }
      const isOverview = chart.isOverview(event.offsetY);
      const { clientX: x, clientY: y } = event;
      pressed = { x, y, view: chart.view, scrolled: chart.scrolled, isOverview };
      isDragged = false;
      canvas.setPointerCapture(event.pointerId);
      if (isOverview) {
        chart.lookAt(event.offsetX);
      }
    },
    pointermove: (event: PointerEvent) => {
      if (pressed === undefined) {
        point(event);
        return;
      }
      const [right, down] = [event.clientX - pressed.x, event.clientY - pressed.y];
      isDragged ||= Math.hypot(right, down) >= DRAG;
      if (pressed.isOverview) {
        chart.lookAt(event.offsetX);
      } else if (isDragged) {
        leave();
        chart.drag(pressed.view, right);
        chart.scrolled = pressed.scrolled - down;
      }
    },
    pointerup: ({ offsetX, offsetY }: PointerEvent) => {
      if (pressed !== undefined && !isDragged) {
        const hit = pressed.isOverview ? undefined : chart.hitAt(offsetX, offsetY);
        clicks.click(hit, offsetX, offsetY);
      }
      pressed = undefined;
    },
    pointercancel: () => {
      pressed = undefined;
    },
    pointerleave: leave,
    wheel: (event: WheelEvent) => {
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE;
      const along = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        chart.pan((along * unit) / chart.layout.plotWidth);
      } else {
        // A pinch on a touchpad comes as small steps with the control key.
        const speed = event.ctrlKey ? 0.01 : 0.002;
        chart.zoomAt(Math.exp(event.deltaY * unit * speed), event.offsetX);
      }
      leave();
    },
    keydown: (event: KeyboardEvent) => {
      const act = keys(event.shiftKey)[event.key];
      if (act !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        event.stopPropagation();
        leave();
        act(chart);
      }
    },
  };
  const ending = new AbortController();
  const { signal } = ending;
  for (const [name, listener] of Object.entries(listeners)) {
    canvas.addEventListener(name, listener as EventListener, { signal, passive: false });
  }
  return () => {
    clicks.drop();
    ending.abort();
  };
}

function keys(isFast: boolean): Readonly<Record<string, ((chart: Chart) => void) | undefined>> {
  const part = isFast ? PAN * 5 : PAN;
  return {
    ArrowLeft: (chart) => chart.pan(-part),
    ArrowRight: (chart) => chart.pan(part),
    '+': (chart) => chart.zoom(1 / ZOOM),
    '=': (chart) => chart.zoom(1 / ZOOM),
    '-': (chart) => chart.zoom(ZOOM),
    '0': (chart) => chart.fit(),
    Home: (chart) => chart.toEdge('start'),
    End: (chart) => chart.toEdge('end'),
    s: (chart) => chart.toggleSetUp(),
  };
}
