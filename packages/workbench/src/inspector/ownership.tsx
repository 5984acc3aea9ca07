/** Who has each device: IOMMU groups around their functions, drivers and containers, guests. */
import type { PaneProps } from './side-panes.tsx';
import { BOX_WIDTH, drawOwnership, LINE_HEIGHT, type Box, type Link } from './ownership-layout.ts';

export function OwnershipPane({ inspection }: PaneProps) {
  const { ownership } = inspection;
  if (ownership === undefined) {
    return <p class="none">It is asked for …</p>;
  }
  const { boxes, links, width, height } = drawOwnership(ownership);
  return (
    <>
      {boxes.length > 0 && (
        <svg
          class="owners"
          viewBox={`-1 -1 ${width + 2} ${height + 2}`}
          {...{ width, height }}
          role="img"
          aria-label={links.map(linkText).join('; ')}
        >
          {links.map((link) => (
            <LinkView key={`${link.from.id} ${link.to.id}`} link={link} />
          ))}
          {boxes.map((box) => (
            <BoxView key={box.id} box={box} />
          ))}
        </svg>
      )}
      {!ownership.iommu && (
        <p class="none">The IOMMU is off: there are no groups, and VFIO gives nothing away.</p>
      )}
      {ownership.devices.length === 0 && (
        <p class="none">There is no guest: processes use the host’s drivers.</p>
      )}
    </>
  );
}

function linkText({ from, to, label }: Link): string {
  return `${from.title} to ${to.title} by ${label}`;
}

function BoxView({ box: { title, lines, kind, x, y, height } }: { readonly box: Box }) {
  return (
    <g class={kind} transform={`translate(${x} ${y})`}>
      <rect width={BOX_WIDTH} height={height} rx={6} />
      <text class="title" x={10} y={LINE_HEIGHT}>
        {title}
      </text>
      {lines.map((line, index) => (
        <text key={index} x={10} y={LINE_HEIGHT * (index + 2)}>
          {line}
        </text>
      ))}
    </g>
  );
}

/** From the right side of one to the left side of the other. */
function LinkView({ link: { from, to, label } }: { readonly link: Link }) {
  const [x0, y0] = [from.x + BOX_WIDTH, from.y + from.height / 2];
  const [x1, y1] = [to.x, to.y + to.height / 2];
  const middle = (x0 + x1) / 2;
  return (
    <g class="link">
      <path d={`M ${x0} ${y0} C ${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`} />
      <text x={x0 + 6} y={y0 - 5}>
        {label}
      </text>
    </g>
  );
}
