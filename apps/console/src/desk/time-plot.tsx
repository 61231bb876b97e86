import { useElementSize } from "@mantine/hooks";
import { scaleLinear, scaleTime } from "d3-scale";
import { area, line } from "d3-shape";
import { type PointerEvent, useState } from "react";
import { useLanguage } from "../i18n/language.js";
import { DeskSection } from "./desk-section.js";
import { type PlotSeries, stackedRows, topOf } from "./plot-series.js";
import styles from "./time-plot.module.css";

export interface TimePlotProps {
  readonly title: string;
  /** When each span began, in ms since the epoch. */
  readonly times: readonly number[];
  readonly spanMs: number;
  readonly series: readonly PlotSeries[];
  readonly kind: "bars" | "lines" | "area";
  /** How a value is written. */
  readonly format: (value: number) => string;
  /** Where the axis ends at least. Default: as high as the values. */
  readonly atLeast?: number;
}

const HEIGHT = 176;
const LEFT = 56;
const BOTTOM = 22;
const TOP = 8;

/** Values over time as SVG, with what they are at the pointer; the newest ones while no pointer is there. */
export function TimePlot(props: TimePlotProps) {
  const { title, times, series, format } = props;
  const { ref, width } = useElementSize();
  const [pointed, setPointed] = useState<number>();
  const { code } = useLanguage();
  const index = pointed ?? times.length - 1;
  const at = times[index];
  const point = ({ clientX, currentTarget }: PointerEvent<SVGSVGElement>) => {
    const share = (clientX - currentTarget.getBoundingClientRect().left - LEFT) / Math.max(1, width - LEFT);
    setPointed(Math.min(times.length - 1, Math.max(0, Math.floor(share * times.length))));
  };
  const shownTime =
    at === undefined ? "" : new Date(at).toLocaleTimeString(code, { hour: "2-digit", minute: "2-digit" });
  return (
    <DeskSection title={title} aside={<time>{shownTime}</time>}>
      <ul className={styles["legend"]}>
        {series.map(({ name, colour, values }) => {
          const value = values[index] ?? null;
          return (
            <li key={name} data-colour={colour}>
              {name} <strong>{value === null ? "–" : format(value)}</strong>
            </li>
          );
        })}
      </ul>
      <div ref={ref} className={styles["plot"]}>
        {width > LEFT && (
          <svg
            width={width}
            height={HEIGHT}
            role="img"
            aria-label={`${title}, ${shownTime}: ${series.map(({ name, values }) => `${name} ${format(values[index] ?? 0)}`).join(", ")}`}
            onPointerMove={point}
            onPointerLeave={() => setPointed(undefined)}
          >
            <PlotMarks {...props} width={width} pointed={pointed} />
          </svg>
        )}
      </div>
    </DeskSection>
  );
}

interface PlotMarksProps extends TimePlotProps {
  readonly width: number;
  readonly pointed: number | undefined;
}

function PlotMarks({ times, spanMs, series, kind, format, atLeast = 0, width, pointed }: PlotMarksProps) {
  const { code } = useLanguage();
  const from = times[0] ?? 0;
  const x = scaleTime([from, (times.at(-1) ?? from) + spanMs], [LEFT, width]);
  const y = scaleLinear([0, Math.max(atLeast, topOf(series, kind === "bars"))], [HEIGHT - BOTTOM, TOP]).nice(
    4,
  );
  const step = (width - LEFT) / Math.max(1, times.length);
  return (
    <>
      {y.ticks(4).map((tick) => (
        <g key={tick} transform={`translate(0 ${y(tick)})`}>
          <line className={styles["grid"]} x1={LEFT} x2={width} />
          <text className={styles["tick"]} x={LEFT - 8} dy="0.32em" textAnchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
      {x.ticks(Math.max(2, Math.floor(width / 120))).map((tick) => (
        <text key={tick.getTime()} className={styles["tick"]} x={x(tick)} y={HEIGHT - 4} textAnchor="middle">
          {tick.toLocaleTimeString(code, { hour: "2-digit", minute: "2-digit" })}
        </text>
      ))}
      {pointed !== undefined && (
        <rect
          className={styles["pointed"]}
          x={LEFT + pointed * step}
          y={TOP}
          width={step}
          height={HEIGHT - BOTTOM - TOP}
        />
      )}
      {kind === "bars"
        ? stackedRows(series).map(({ index, colour, from: low, to: high }) => (
            <rect
              key={`${index} ${colour}`}
              data-colour={colour}
              className={styles["bar"]}
              x={LEFT + index * step + 0.5}
              width={Math.max(1, step - 1)}
              y={y(high)}
              height={Math.max(0, y(low) - y(high))}
            />
          ))
        : series.map(({ name, colour, values }) => (
            <PlotLine
              key={name}
              colour={colour}
              isFilled={kind === "area"}
              points={values.map((value, i) => ({
                x: LEFT + (i + 0.5) * step,
                y: value === null ? null : y(value),
              }))}
              floor={HEIGHT - BOTTOM}
            />
          ))}
    </>
  );
}

interface Point {
  readonly x: number;
  /** `null` where there is no value. */
  readonly y: number | null;
}

interface PlotLineProps {
  readonly colour: string;
  readonly isFilled: boolean;
  readonly points: readonly Point[];
  readonly floor: number;
}

/** A line with gaps; a value between two gaps is a dot. */
function PlotLine({ colour, isFilled, points, floor }: PlotLineProps) {
  const isThere = ({ y }: Point) => y !== null;
  const path = line<Point>()
    .defined(isThere)
    .x((point) => point.x)
    .y((point) => point.y ?? floor);
  const filled = area<Point>()
    .defined(isThere)
    .x((point) => point.x)
    .y0(floor)
    .y1((point) => point.y ?? floor);
  const lone = points.filter(
    (point, i) => isThere(point) && points[i - 1]?.y == null && points[i + 1]?.y == null,
  );
  return (
    <g data-colour={colour}>
      {isFilled && <path className={styles["fill"]} d={filled([...points]) ?? ""} />}
      <path className={styles["line"]} d={path([...points]) ?? ""} />
      {lone.map((point) => (
        <circle key={point.x} className={styles["dot"]} cx={point.x} cy={point.y ?? floor} r={2.5} />
      ))}
    </g>
  );
}
