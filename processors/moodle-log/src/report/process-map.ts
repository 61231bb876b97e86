import { Graph, layout } from "@dagrejs/dagre";
import { curveCatmullRom, line } from "d3-shape";
import type { Follow } from "../kernel/index.js";
import { type Markup, markup } from "./markup.js";

/** An activity on the map. */
export interface MapNode {
  readonly activity: number;
  readonly label: string;
  readonly events: string;
  /** How often it follows itself; empty for never. */
  readonly repeats: string;
}

/** What a map shows. */
export interface ProcessMap {
  readonly title: string;
  readonly description: string;
  readonly nodes: readonly MapNode[];
  /** Between different activities, the most frequent first. */
  readonly edges: readonly Follow[];
  /** Edges that are rarer are there, but not seen at first. */
  readonly leastShown: number;
  readonly numberOf: (value: number) => string;
}

const NODE = { width: 164, height: 58 };
const LINE_CHARACTERS = 22;
const THICKEST = 5;
const MARGIN = 12;

interface Laid {
  readonly x: number;
  readonly y: number;
}

/** Draws which activity comes after which; the layout is made here, so that a page only shows it. */
export function processMap(map: ProcessMap): Markup {
  const graph = new Graph({ directed: true });
  graph.setGraph({ rankdir: "TB", nodesep: 24, ranksep: 44, edgesep: 12, marginx: MARGIN, marginy: MARGIN });
  for (const { activity } of map.nodes) graph.setNode(String(activity), { ...NODE });
  for (const { from, to, count } of map.edges) {
    const label = {
      width: 8 + 7 * map.numberOf(count).length,
      height: 14,
      labelpos: "c",
      weight: Math.log2(count + 1),
    };
    graph.setEdge(String(from), String(to), label);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number };
  const most = map.edges[0]?.count ?? 1;
  const edges = map.edges.map((edge) =>
    drawnEdge(edge, graph.edge(String(edge.from), String(edge.to)) as DrawnEdge, { map, most }),
  );
  const nodes = map.nodes.map((node) =>
    drawnNode(node, graph.node(String(node.activity)) as unknown as Laid),
  );
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return markup`<div class="wide map" tabindex="0" role="group" aria-label="${map.title}"><svg id="map" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-labelledby="map-t map-d">
<title id="map-t">${map.title}</title><desc id="map-d">${map.description}</desc>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="12" markerHeight="12" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10z"/></marker></defs>
${edges}${nodes}</svg></div>`;
}

interface DrawnEdge extends Laid {
  readonly points: readonly Laid[];
}

function drawnEdge(
  { count }: Follow,
  laid: DrawnEdge,
  { map, most }: { readonly map: ProcessMap; readonly most: number },
): Markup {
  const path = line<Laid>(
    ({ x }) => x,
    ({ y }) => y,
  )
    .curve(curveCatmullRom)
    .digits(1)([...laid.points]);
  const thickness = Math.round(10 * (1 + (THICKEST - 1) * Math.sqrt(count / most))) / 10;
  const isRare = count < map.leastShown;
  return markup`<g class="edge${isRare && " rare"}" data-count="${count}"><path d="${path ?? ""}" stroke-width="${thickness}" marker-end="url(#tip)"/><text x="${Math.round(laid.x)}" y="${Math.round(laid.y) + 4}" text-anchor="middle">${map.numberOf(count)}</text></g>
`;
}

function drawnNode({ label, events, repeats }: MapNode, { x, y }: Laid): Markup {
  const lines = wrapped(label);
  const below = repeats === "" ? events : `${events} · ↻ ${repeats}`;
  const top = y - (lines.length === 1 ? 5 : 12);
  const [left, cx] = [Math.round(x - NODE.width / 2), Math.round(x)];
  const texts = lines.map(
    (text, at) =>
      markup`<text x="${cx}" y="${Math.round(top + 15 * at)}" text-anchor="middle">${text}</text>`,
  );
  return markup`<g class="node"><rect x="${left}" y="${Math.round(y - NODE.height / 2)}" width="${NODE.width}" height="${NODE.height}" rx="4"/>${texts}<text class="value" x="${cx}" y="${Math.round(y + (lines.length === 1 ? 15 : 20))}" text-anchor="middle">${below}</text></g>
`;
}

/** A label in one or two lines. */
function wrapped(label: string): readonly string[] {
  if (label.length <= LINE_CHARACTERS) return [label];
  const middle = label.length / 2;
  const blanks = [...label.matchAll(/ /g)].map(({ index }) => index);
  const at = blanks.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0];
  return at === undefined ? [label] : [label.slice(0, at), label.slice(at + 1)];
}
